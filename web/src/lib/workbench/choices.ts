/** How programs of one place are run, as far as no revision says it; remembered in this browser. */
import { inBrowser } from '#lib/storage.ts';
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
  inBrowser.writeJson(KEY, [...others, [place, choices]].slice(-PLACES_MAX));
}

function read(): (readonly [string, Choices])[] {
  const found = inBrowser.readJson(KEY);
  return Array.isArray(found) ? found : [];
}
