/** Lists as files for spreadsheets (RFC 4180). */
import { saveFile } from '#lib/api/client.ts';

export type Cell = string | number | boolean | null | undefined;

const NEEDS_QUOTES = /[",\r\n]/;
// Spreadsheets take a text that begins so for a formula, whoever wrote it.
const IS_FORMULA = /^[=+\-@\t\r]/;

export function toCsv(head: string[], rows: Cell[][]): string {
  return [head, ...rows].map((row) => `${row.map(toField).join(',')}\r\n`).join('');
}

/** Save rows as a file of the visitor's, named after the list and the day. */
export function saveCsv(list: string, head: string[], rows: Cell[][]): void {
  const day = new Date().toISOString().slice(0, 10);
  // The mark tells spreadsheets that it is UTF-8.
  const content = new Blob(['\ufeff', toCsv(head, rows)], { type: 'text/csv;charset=utf-8' });
  saveFile(content, `${list}-${day}.csv`);
}

function toField(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = IS_FORMULA.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
