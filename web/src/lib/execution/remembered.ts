/**
 * Which run was begun last in a project or a draft, so that it is found again after a reload, or
 * after the tab was closed while it went on.
 */
import { inBrowser } from '#lib/storage.ts';

const KEY = 'runyard.runs';
const PLACES_MAX = 50;

export function rememberRun(place: string, id: string): void {
  const others = read().filter((each) => each[0] !== place);
  inBrowser.writeJson(KEY, [...others, [place, id]].slice(-PLACES_MAX));
}

export function recallRun(place: string): string | null {
  return read().find((each) => each[0] === place)?.[1] ?? null;
}

export function forgetRun(place: string): void {
  const others = read().filter((each) => each[0] !== place);
  inBrowser.writeJson(KEY, others);
}

type Remembered = readonly (readonly [place: string, id: string])[];

function read(): Remembered {
  const found = inBrowser.readJson(KEY);
  return Array.isArray(found) ? found.filter(isEntry) : [];
}

function isEntry(entry: unknown): entry is readonly [string, string] {
  return Array.isArray(entry) && entry.length === 2 && entry.every((e) => typeof e === 'string');
}
