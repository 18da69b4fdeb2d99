/** Reads tables that programs write, as far as they are shown. */
import { endingOf } from '#lib/execution/artifacts.ts';

export interface TableContent {
  head: string[];
  rows: string[][];
  /** Rows that are not shown. */
  left: number;
}

const ROWS_MAX = 200;
const COLUMNS_MAX = 50;
const CELL_CHARACTERS_MAX = 500;

/** Return null where the text is no table. */
export function readTable(name: string, text: string): TableContent | null {
  const ending = endingOf(name);
  return ending === 'json' ? readJson(text) : readDelimited(text, ending === 'tsv' ? '\t' : ',');
}

/** RFC 4180: quotes around cells with delimiters, quotes and line ends. */
function readDelimited(text: string, delimiter: string): TableContent | null {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  let count = 0;
  const endRow = () => {
    row.push(cell);
    cell = '';
    if (rows.length <= ROWS_MAX) rows.push(row);
    count++;
    row = [];
  };
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (text[index + 1] === '"') cell += text[++index];
      else isQuoted = false;
    } else if (character === '"' && cell === '') isQuoted = true;
    else if (character === delimiter) {
      row.push(cell);
      cell = '';
    } else if (character === '\n') endRow();
    else if (character !== '\r') cell += character;
  }
  if (cell !== '' || row.length > 0) endRow();
  if (rows.length === 0) return null;
  const [head, ...rest] = rows.map((each) => each.slice(0, COLUMNS_MAX).map(clip));
  return { head, rows: rest, left: count - rows.length };
}

/** An array of objects or of arrays. */
function readJson(text: string): TableContent | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(value) || value.length === 0) return null;
  const shown = value.slice(0, ROWS_MAX);
  const left = value.length - shown.length;
  if (shown.every((each) => Array.isArray(each))) {
    const width = Math.min(COLUMNS_MAX, Math.max(...shown.map((each) => each.length)));
    const head = Array.from({ length: width }, (_, index) => String(index + 1));
    return { head, rows: shown.map((each) => head.map((_, index) => write(each[index]))), left };
  }
  if (!shown.every(isObject)) return null;
  const head = [...new Set(shown.flatMap((each) => Object.keys(each)))].slice(0, COLUMNS_MAX);
  return {
    head: head.map(clip),
    rows: shown.map((each) => head.map((key) => write(each[key]))),
    left,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function write(value: unknown): string {
  if (value === undefined || value === null) return '';
  return clip(typeof value === 'string' ? value : JSON.stringify(value));
}

function clip(text: string): string {
  return text.length > CELL_CHARACTERS_MAX ? `${text.slice(0, CELL_CHARACTERS_MAX)}…` : text;
}
