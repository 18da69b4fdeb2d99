/**
 * The lines that output makes. Only the last line changes: it is written over where a program moves
 * back in it. Old lines go once there are too many, so that no program can fill the browser.
 */
import { AnsiReader, type Sink, type Style } from '#lib/execution/ansi.ts';

export type Stream = 'stdout' | 'stderr' | 'stdin';

export interface Span {
  readonly text: string;
  readonly stream: Stream;
  readonly style: Style | null;
}

export interface Line {
  readonly key: number;
  readonly spans: readonly Span[];
  /** When its first character came, in milliseconds since 1970; null where nobody looked. */
  readonly at: number | null;
  /** Whether a line break follows, or only too much for one line. */
  readonly isBroken: boolean;
  /** In place of output: what follows. */
  readonly heading?: string;
}

/** Lines that are kept or dropped together, and shown together. */
export interface Block {
  readonly key: number;
  readonly lines: readonly Line[];
}

export interface Bounds {
  lines: number;
  characters: number;
}

const BOUNDS: Bounds = { lines: 5000, characters: 1024 * 1024 };
const BLOCK_LINES = 100;
// Browsers lay out longer ones slowly.
const LINE_CHARACTERS_MAX = 4096;
const LINE_SPANS_MAX = 512;

interface OpenBlock {
  key: number;
  lines: Line[];
  characters: number;
  isChanged: boolean;
  shown: Block | null;
}

export class Screen {
  /** Of what was dropped. */
  hiddenCharacters = 0;
  #blocks: OpenBlock[] = [];
  #spans: Span[] = [];
  #length = 0;
  #cursor = 0;
  #lineAt: number | null = null;
  #lineKey = 0;
  #nextKey = 1;
  #lineCount = 0;
  #characterCount = 0;
  #stream: Stream = 'stdout';
  #at: number | null = null;
  #readers: Record<Stream, AnsiReader>;
  #bounds: Bounds;

  constructor(bounds: Bounds = BOUNDS) {
    this.#bounds = bounds;
    const sink: Sink = {
      write: (text, style) => this.#write(text, style),
      newLine: () => this.#breakLine(true),
      moveTo: (column) => (this.#cursor = Math.min(column, LINE_CHARACTERS_MAX - 1)),
      moveBy: (columns) => this.#move(columns),
      eraseLine: (part) => this.#erase(part),
    };
    this.#readers = {
      stdout: new AnsiReader(sink),
      stderr: new AnsiReader(sink),
      stdin: new AnsiReader(sink),
    };
  }

  write(stream: Stream, text: string, at: number | null): void {
    this.#stream = stream;
    this.#at = at;
    this.#readers[stream].read(text);
  }

  /** Begin a new part, on a line of its own. */
  addHeading(heading: string): void {
    if (this.#length > 0) this.#breakLine(true);
    this.#push({ key: this.#nextKey++, spans: [], at: null, isBroken: true, heading });
  }

  /** The lines as they are now; blocks that did not change are the same objects as before. */
  blocks(): Block[] {
    const blocks = this.#blocks.map((block) => {
      if (block.isChanged || block.shown === null) {
        block.shown = { key: block.key, lines: [...block.lines] };
        block.isChanged = false;
      }
      return block.shown;
    });
    if (this.#length === 0) return blocks;
    const line = this.#line(false);
    const last = blocks.at(-1);
    if (last && last.lines.length < BLOCK_LINES) {
      blocks[blocks.length - 1] = { key: last.key, lines: [...last.lines, line] };
    } else {
      blocks.push({ key: line.key, lines: [line] });
    }
    return blocks;
  }

  #write(text: string, style: Style | null): void {
    for (let start = 0; start < text.length;) {
      if (this.#cursor >= LINE_CHARACTERS_MAX || this.#spans.length >= LINE_SPANS_MAX) {
        this.#breakLine(false);
      }
      const part = text.slice(start, start + LINE_CHARACTERS_MAX - this.#cursor);
      this.#put({ text: part, stream: this.#stream, style });
      start += part.length;
    }
  }

  #put(span: Span): void {
    if (this.#length === 0) {
      this.#lineAt = this.#at;
      this.#lineKey = this.#nextKey++;
    }
    if (this.#cursor > this.#length) {
      this.#append({
        text: ' '.repeat(this.#cursor - this.#length),
        stream: span.stream,
        style: null,
      });
    }
    const end = this.#cursor + span.text.length;
    if (this.#cursor === this.#length) this.#append(span);
    else {
      const before = cut(this.#spans, 0, this.#cursor);
      const after = cut(this.#spans, end, this.#length);
      this.#spans = before;
      this.#length = this.#cursor;
      this.#append(span);
      for (const each of after) this.#append(each);
    }
    this.#cursor = end;
  }

  #append(span: Span): void {
    const last = this.#spans.at(-1);
    if (last && last.stream === span.stream && last.style === span.style) {
      this.#spans[this.#spans.length - 1] = { ...last, text: last.text + span.text };
    } else this.#spans.push(span);
    this.#length += span.text.length;
  }

  #move(columns: number): void {
    this.#cursor = Math.max(0, Math.min(this.#cursor + columns, LINE_CHARACTERS_MAX - 1));
  }

  #erase(part: 'after' | 'before' | 'all'): void {
    if (part === 'before') {
      const length = Math.min(this.#cursor + 1, this.#length);
      const cursor = this.#cursor;
      this.#cursor = 0;
      if (length > 0) this.#put({ text: ' '.repeat(length), stream: this.#stream, style: null });
      this.#cursor = cursor;
      return;
    }
    const kept = part === 'all' ? 0 : Math.min(this.#cursor, this.#length);
    this.#spans = cut(this.#spans, 0, kept);
    this.#length = kept;
  }

  #line(isBroken: boolean): Line {
    return { key: this.#lineKey, spans: [...this.#spans], at: this.#lineAt, isBroken };
  }

  #breakLine(isBroken: boolean): void {
    if (this.#length === 0) {
      this.#lineAt = this.#at;
      this.#lineKey = this.#nextKey++;
    }
    const line = this.#line(isBroken);
    this.#spans = [];
    this.#length = this.#cursor = 0;
    this.#push(line);
  }

  #push(line: Line): void {
    let block = this.#blocks.at(-1);
    if (!block || block.lines.length >= BLOCK_LINES) {
      block = { key: line.key, lines: [], characters: 0, isChanged: true, shown: null };
      this.#blocks.push(block);
    }
    const characters = countCharacters(line);
    block.lines.push(line);
    block.characters += characters;
    block.isChanged = true;
    this.#lineCount++;
    this.#characterCount += characters;
    while (this.#blocks.length > 1 && this.#isFull()) this.#drop();
  }

  #isFull(): boolean {
    return this.#lineCount > this.#bounds.lines || this.#characterCount > this.#bounds.characters;
  }

  #drop(): void {
    const [dropped] = this.#blocks.splice(0, 1);
    this.#lineCount -= dropped.lines.length;
    this.#characterCount -= dropped.characters;
    this.hiddenCharacters += dropped.characters;
  }
}

export function textOf(line: Line): string {
  return line.spans.map((span) => span.text).join('');
}

/** What one would copy: without what is only for show. */
export function textOfBlocks(blocks: readonly Block[]): string {
  const lines = blocks.flatMap((block) => block.lines).filter((line) => !line.heading);
  return lines.map((line) => textOf(line) + (line.isBroken ? '\n' : '')).join('');
}

function countCharacters(line: Line): number {
  return line.spans.reduce((sum, span) => sum + span.text.length, line.isBroken ? 1 : 0);
}

/** The spans between two columns. */
function cut(spans: readonly Span[], start: number, end: number): Span[] {
  const found: Span[] = [];
  let column = 0;
  for (const span of spans) {
    const text = span.text.slice(Math.max(0, start - column), Math.max(0, end - column));
    if (text) found.push({ ...span, text });
    column += span.text.length;
    if (column >= end) break;
  }
  return found;
}
