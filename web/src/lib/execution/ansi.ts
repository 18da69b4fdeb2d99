/**
 * Reads the control sequences that programs write for terminals. What a log can show is passed on:
 * colours and attributes, and motion within the line, which progress bars use. All else is dropped.
 */
import { type Colour, paletteColour, rgb } from '#lib/execution/colour.ts';

export interface Style {
  readonly foreground: Colour | null;
  readonly background: Colour | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly strike: boolean;
  readonly inverse: boolean;
}

/** What is done with what was read, in order. */
export interface Sink {
  /** Printable text; `style` is null where nothing was said about it. Equal ones are identical. */
  write(text: string, style: Style | null): void;
  newLine(): void;
  /** To a column counted from 0. */
  moveTo(column: number): void;
  moveBy(columns: number): void;
  eraseLine(part: 'after' | 'before' | 'all'): void;
}

const PLAIN: Style = {
  foreground: null,
  background: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
};

// A sequence that has not ended by then never will; what follows is text again.
const SEQUENCE_CHARACTERS_MAX = 4096;
const COLUMN_MAX = 4096;
// eslint-disable-next-line no-control-regex -- Control characters are what this is about.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

export class AnsiReader {
  #style: Style = PLAIN;
  #rest = '';

  constructor(private readonly sink: Sink) {}

  /** Read more; a sequence may be cut anywhere between two calls. */
  read(text: string): void {
    const input = this.#rest + text;
    this.#rest = '';
    let position = 0;
    while (position < input.length) {
      CONTROL.lastIndex = position;
      const found = CONTROL.exec(input);
      const end = found ? found.index : input.length;
      if (end > position) this.#write(input.slice(position, end));
      if (!found) return;
      const next = found[0] === '\u001b' ? this.#escape(input, end) : this.#control(found[0], end);
      if (next === null) {
        this.#rest = input.slice(end);
        return;
      }
      position = next;
    }
  }

  #write(text: string): void {
    this.sink.write(text, this.#style === PLAIN ? null : this.#style);
  }

  #control(character: string, at: number): number {
    if (character === '\n') this.sink.newLine();
    else if (character === '\r') this.sink.moveTo(0);
    else if (character === '\b') this.sink.moveBy(-1);
    else if (character === '\t') this.#write(character);
    return at + 1;
  }

  /** Return where the sequence ends, or null if more of it has to come. */
  #escape(input: string, start: number): number | null {
    const kind = input[start + 1];
    if (kind === undefined) return null;
    if (kind === '[') return this.#csi(input, start);
    // Strings: window titles, hyperlinks, device control.
    if (']PX^_'.includes(kind)) return skipString(input, start);
    // One further byte names a character set.
    if ('()*+#%'.includes(kind)) return input.length > start + 2 ? start + 3 : null;
    return start + 2;
  }

  #csi(input: string, start: number): number | null {
    let end = start + 2;
    while (end < input.length && input[end] >= ' ' && input[end] <= '?') {
      if (end - start > SEQUENCE_CHARACTERS_MAX) return end;
      end++;
    }
    if (end >= input.length) return null;
    // Not a final byte: the sequence is broken and ends before it.
    if (input[end] < '@' || input[end] > '~') return end;
    this.#command(input[end], input.slice(start + 2, end));
    return end + 1;
  }

  #command(final: string, parameters: string): void {
    const count = Math.min(Number.parseInt(parameters, 10) || 1, COLUMN_MAX);
    if (final === 'm') this.#select(parameters);
    else if (final === 'K') this.sink.eraseLine(ERASED[Number.parseInt(parameters, 10) || 0]);
    else if (final === 'G') this.sink.moveTo(count - 1);
    else if (final === 'C') this.sink.moveBy(count);
    else if (final === 'D') this.sink.moveBy(-count);
  }

  /** Select graphic rendition. */
  #select(parameters: string): void {
    if (/[^\d;:]/.test(parameters)) return;
    const codes = parameters.split(/[;:]/).map(Number);
    const style = { ...this.#style };
    for (let index = 0; index < codes.length; index++) {
      const code = codes[index];
      if (code === 38 || code === 48) {
        const { colour, length } = readColour(codes, index + 1);
        if (colour !== null) style[code === 38 ? 'foreground' : 'background'] = colour;
        index += length;
      } else Object.assign(style, code === 0 ? PLAIN : attributeOf(code));
    }
    this.#style = intern(style);
  }
}

const ERASED: Record<number, 'after' | 'before' | 'all'> = { 0: 'after', 1: 'before', 2: 'all' };

const ATTRIBUTES: Record<number, Partial<Style>> = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  29: { strike: false },
  39: { foreground: null },
  49: { background: null },
};

function attributeOf(code: number): Partial<Style> {
  if (code >= 30 && code <= 37) return { foreground: paletteColour(code - 30) };
  if (code >= 40 && code <= 47) return { background: paletteColour(code - 40) };
  if (code >= 90 && code <= 97) return { foreground: paletteColour(code - 82) };
  if (code >= 100 && code <= 107) return { background: paletteColour(code - 92) };
  return ATTRIBUTES[code] ?? {};
}

/** Read what stands behind 38 or 48; `length` says how many codes belong to it. */
function readColour(codes: number[], at: number): { colour: Colour | null; length: number } {
  const isByte = (value: number | undefined) => value !== undefined && value >= 0 && value <= 255;
  if (codes[at] === 5) {
    const colour = isByte(codes[at + 1]) ? paletteColour(codes[at + 1]) : null;
    return { colour, length: 2 };
  }
  if (codes[at] === 2) {
    const [red, green, blue] = codes.slice(at + 1, at + 4);
    const colour = [red, green, blue].every(isByte) ? rgb(red, green, blue) : null;
    return { colour, length: 4 };
  }
  return { colour: null, length: 1 };
}

const STYLES_MAX = 4096;
const known = new Map<string, Style>();

/** Return one object for equal styles, so that neighbours in one style are one piece of text. */
function intern(style: Style): Style {
  const key = JSON.stringify(style);
  if (key === PLAIN_KEY) return PLAIN;
  const found = known.get(key);
  if (found) return found;
  if (known.size >= STYLES_MAX) known.clear();
  known.set(key, style);
  return style;
}

const PLAIN_KEY = JSON.stringify(PLAIN);

/** Return the end of a control string: behind BEL or ESC \. */
function skipString(input: string, start: number): number | null {
  const limit = Math.min(input.length, start + SEQUENCE_CHARACTERS_MAX);
  for (let index = start + 2; index < limit; index++) {
    if (input[index] === '\u0007' || input[index] === '\u009c') return index + 1;
    if (input[index] === '\u001b') {
      if (input[index + 1] === undefined) return null;
      return input[index + 1] === '\\' ? index + 2 : index;
    }
  }
  return limit < start + SEQUENCE_CHARACTERS_MAX ? null : limit;
}
