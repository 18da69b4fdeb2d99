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

/** Neighbouring lines of which nothing is to be seen but their text, or one line of which more is. */
export type Group = { key: number; text: string } | { key: number; line: Line };

/** Lines by the way they are shown: much output is plain, and as one text it costs the page little. */
export function groupLines(
  lines: readonly Line[],
  { files, query, hasTimes }: Omit<Marking, 'current'> & { hasTimes: boolean },
): Group[] {
  const groups: Group[] = [];
  let plainLines: string[] = [];
  let key = 0;
  const endPlain = () => {
    if (plainLines.length === 0) return;
    // A line end at the end of an element is not shown.
    const end = plainLines.at(-1) === '' ? '\n' : '';
    groups.push({ key, text: plainLines.join('\n') + end });
    plainLines = [];
  };
  for (const line of lines) {
    const isPlain =
      !hasTimes &&
      line.heading === undefined &&
      line.spans.every((span) => span.style === null && span.stream === 'stdout');
    const text = isPlain ? textOf(line) : '';
    if (isPlain && !isMarked(text, files, query)) {
      if (plainLines.length === 0) key = line.key;
      plainLines.push(text);
    } else {
      endPlain();
      groups.push({ key: line.key, line });
    }
  }
  endPlain();
  return groups;
}

function isMarked(text: string, files: readonly string[], query: string): boolean {
  if (query && findMatches(text, query).length > 0) return true;
  return files.length > 0 && findLocations(text, files).length > 0;
}
