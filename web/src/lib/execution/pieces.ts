/** Cuts a line at every border of a style, of a place in a file and of what is searched for. */
import type { Style } from '#lib/execution/ansi.ts';
import { findLocations, type Location } from '#lib/execution/locations.ts';
import { type Line, type Span, type Stream, textOf } from '#lib/execution/screen.ts';

export interface Piece {
  text: string;
  stream: Stream;
  style: Style | null;
  location: Location | null;
  match: 'match' | 'current' | null;
}

export interface Marking {
  files: readonly string[];
  /** In lower case. */
  query: string;
  /** Where the match begins that one is at. */
  current: number | null;
}

interface Range {
  start: number;
  end: number;
}

export function splitLine(line: Line, { files, query, current }: Marking): Piece[] {
  const text = textOf(line);
  const locations = files.length > 0 ? findLocations(text, files) : [];
  const matches = query ? findMatches(text, query) : [];
  if (locations.length === 0 && matches.length === 0) return line.spans.map(plain);
  const pieces: Piece[] = [];
  let column = 0;
  for (const span of line.spans) {
    const end = column + span.text.length;
    const borders = [...locations, ...matches]
      .flatMap((range) => [range.start, range.end])
      .filter((border) => border > column && border < end);
    const cuts = [...new Set([column, ...borders, end])].sort((one, other) => one - other);
    for (let index = 0; index + 1 < cuts.length; index++) {
      const start = cuts[index];
      const match = matches.find((range) => holds(range, start));
      pieces.push({
        ...plain(span),
        text: span.text.slice(start - column, cuts[index + 1] - column),
        location: locations.find((range) => holds(range, start)) ?? null,
        match: match ? (match.start === current ? 'current' : 'match') : null,
      });
    }
    column = end;
  }
  return pieces;
}

/** Where `query` stands in a text, without regard to case. */
export function findMatches(text: string, query: string): Range[] {
  const folded = text.toLowerCase();
  // Some letters are longer in lower case; places in the line would be wrong then.
  const searched = folded.length === text.length ? folded : text;
  const found: Range[] = [];
  for (let at = searched.indexOf(query); at >= 0; at = searched.indexOf(query, at + query.length)) {
    found.push({ start: at, end: at + query.length });
  }
  return found;
}

function plain(span: Span): Piece {
  return { text: span.text, stream: span.stream, style: span.style, location: null, match: null };
}

function holds(range: Range, column: number): boolean {
  return range.start <= column && column < range.end;
}
