/**
 * Highlighting for languages of the catalogue that CodeMirror has no grammar for: comments, strings,
 * numbers and keywords, by which a reader finds the way.
 */
import { LanguageSupport, StreamLanguage, type StreamParser } from '@codemirror/language';
import { keywordsOf } from '#lib/editor/keywords.ts';

interface Shape {
  line?: string[];
  block?: [string, string];
  /** What opens and closes a text; by default both kinds of quotes. */
  quotes?: string;
  ignoresCase?: boolean;
  /** Doubled quotes stand for one, and there are no backslashes. */
  doublesQuotes?: boolean;
}

const SHAPES: Record<string, Shape> = {
  Ada: { line: ['--'], quotes: '"', ignoresCase: true, doublesQuotes: true },
  'ALGOL 68': { line: [], block: ['#', '#'], quotes: '"', doublesQuotes: true },
  AWK: { line: ['#'], quotes: '"' },
  BASIC: { line: ["'", '//', 'rem '], quotes: '"', ignoresCase: true },
  Elixir: { line: ['#'] },
  jq: { line: ['#'], quotes: '"' },
  'Modula-2': { block: ['(*', '*)'], doublesQuotes: true },
  Nim: { line: ['#'], block: ['#[', ']#'], quotes: '"' },
  Prolog: { line: ['%'], block: ['/*', '*/'] },
  Raku: { line: ['#'] },
  REXX: { block: ['/*', '*/'], ignoresCase: true, doublesQuotes: true },
  V: { line: ['//'], block: ['/*', '*/'], quotes: '\'"`' },
  Vala: { line: ['//'], block: ['/*', '*/'] },
  Zig: { line: ['//'], quotes: '"\'' },
};

interface State {
  /** The quote of a text that goes on in the next line, `*` for a comment. */
  inside: string;
}

export function defineLanguage(name: string): LanguageSupport | null {
  const shape = SHAPES[name];
  if (!shape) return null;
  const [open, close] = shape.block ?? [undefined, undefined];
  const language = StreamLanguage.define({
    ...buildParser(shape, new Set(keywordsOf(name))),
    languageData: {
      commentTokens: {
        ...(shape.line?.length && { line: shape.line[0] }),
        ...(open && { block: { open, close } }),
      },
      closeBrackets: { brackets: ['(', '[', '{', '"'] },
    },
  });
  return new LanguageSupport(language);
}

function buildParser(shape: Shape, keywords: ReadonlySet<string>): StreamParser<State> {
  const quotes = shape.quotes ?? '\'"';
  return {
    startState: () => ({ inside: '' }),
    token(stream, state) {
      if (state.inside === '*') {
        const close = shape.block![1];
        if (stream.skipTo(close)) {
          stream.match(close);
          state.inside = '';
        } else stream.skipToEnd();
        return 'comment';
      }
      if (stream.eatSpace()) return null;
      if (shape.block && stream.match(shape.block[0])) {
        state.inside = '*';
        return 'comment';
      }
      if (shape.line?.some((mark) => stream.match(mark, true, shape.ignoresCase))) {
        stream.skipToEnd();
        return 'comment';
      }
      const next = stream.peek()!;
      if (quotes.includes(next)) {
        readText(stream.next()!, stream, shape);
        return 'string';
      }
      if (stream.match(/^\d[\w.]*/)) return 'number';
      const word = stream.match(/^[\p{L}_][\p{L}\d_]*[?!]?/u) as RegExpMatchArray | null;
      if (!word) {
        stream.next();
        return null;
      }
      const known = keywords.has(shape.ignoresCase ? word[0].toLowerCase() : word[0]);
      if (known) return 'keyword';
      return stream.peek() === '(' ? 'variableName.function' : 'variableName';
    },
  };
}

function readText(
  quote: string,
  stream: { next(): string | void; peek(): string | undefined },
  shape: Shape,
): void {
  for (let at = stream.next(); at; at = stream.next()) {
    if (at === '\\' && !shape.doublesQuotes) stream.next();
    else if (at === quote) {
      if (!shape.doublesQuotes || stream.peek() !== quote) return;
      stream.next();
    }
  }
}
