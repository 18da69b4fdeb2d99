/** How programs of one place are run, as far as no revision says it; remembered in this browser. */
import type { Choices } from '#lib/workbench/submitting.ts';

const KEY = 'runyard.choices';
const PLACES_MAX = 50;
const INITIAL: Choices = {
  interactive: true,
  terminal: false,
  mergeStderr: false,
  limits: {},
  tests: [],
};

export function recallChoices(place: string): Choices {
  const [, found] = read().find(([name]) => name === place) ?? [];
  return { ...INITIAL, ...found };
}

export function rememberChoices(place: string, choices: Choices): void {
  const others = read().filter(([name]) => name !== place);
  try {
    const all = [...others, [place, choices] as const].slice(-PLACES_MAX);
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    // Storage is off or full; they hold for this page.
  }
}

function read(): (readonly [string, Choices])[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}
