import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keywordsOf } from '#lib/editor/keywords.ts';
import { loadLanguage } from '#lib/editor/languages.ts';

const CATALOGUE = join(import.meta.dirname, '../../../../src/runyard/catalogue');
const runtimes = readdirSync(CATALOGUE, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => {
    const text = readFileSync(join(CATALOGUE, name, 'runtime.toml'), 'utf8');
    const read = (key: string) => text.match(new RegExp(`^${key} = "([^"]+)"`, 'm'))?.[1] ?? '';
    return { id: name, language: read('language'), entry: read('entry') };
  });

test('the catalogue is read', () => expect(runtimes.length).toBeGreaterThan(60));

test.each(runtimes)('$id ($entry) is highlighted', async ({ language, entry }) => {
  const loaded = await loadLanguage(entry, language);
  expect(loaded, `${entry} of ${language}`).not.toBeNull();
});

test('a language that shares its ending with another one is told by the runtime', async () => {
  expect((await loadLanguage('main.m', 'Octave'))?.name).toBe('Octave');
  expect((await loadLanguage('main.m', 'Objective-C'))?.name).toBe('Objective-C');
  expect((await loadLanguage('main.pl', 'Perl'))?.name).toBe('Perl');
});

test('what nobody knows is plain text', async () => {
  expect(await loadLanguage('notes.unheard-of', 'Python')).toBeNull();
  expect(keywordsOf('Unheard of')).toEqual([]);
});
