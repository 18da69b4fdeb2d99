/**
 * Which run was begun last in a project or a draft, so that it is found again after a reload, or
 * after the tab was closed while it went on.
 */
const KEY = 'runyard.runs';
const PLACES_MAX = 50;

export function rememberRun(place: string, id: string): void {
  const others = read().filter((each) => each[0] !== place);
  write([...others, [place, id] as const].slice(-PLACES_MAX));
}

export function recallRun(place: string): string | null {
  return read().find((each) => each[0] === place)?.[1] ?? null;
}

export function forgetRun(place: string): void {
  write(read().filter((each) => each[0] !== place));
}

type Remembered = readonly (readonly [place: string, id: string])[];

function read(): Remembered {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? found.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(entry: unknown): entry is readonly [string, string] {
  return Array.isArray(entry) && entry.length === 2 && entry.every((e) => typeof e === 'string');
}

function write(remembered: Remembered): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(remembered));
  } catch {
    // Storage is off; a reload shows no former run.
  }
}
