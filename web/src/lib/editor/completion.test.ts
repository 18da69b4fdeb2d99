import { Text } from '@codemirror/state';
import { expect, test } from 'vitest';
import { buildCompletions, collectWords } from '#lib/editor/completion.ts';

const doc = (...lines: string[]) => Text.of(lines);

test('words and the names that a text defines are found', () => {
  const { words, symbols } = collectWords(
    doc('def größe(x1):', '    return $total + x1', 'class Deck:'),
  );
  expect([...words]).toEqual(['def', 'größe', 'return', '$total', 'class', 'Deck']);
  expect([...symbols]).toEqual([
    ['größe', 'function'],
    ['Deck', 'class'],
  ]);
});

test('lines that machines made are left out', () => {
  const { words } = collectWords(doc(`minified ${'x'.repeat(5000)}`, 'written'));
  expect([...words]).toEqual(['written']);
});

test('each word is suggested once, with where it comes from', () => {
  const other = { path: 'lib/cards.py', doc: doc('class Deck:', '    shuffled = 1') };
  const found = buildCompletions(['return', 'def'], doc('def deal():', '    pass'), [other], 'de');
  const byLabel = Object.fromEntries(found.map((each) => [each.label, each]));
  expect(found).toHaveLength(new Set(found.map((each) => each.label)).size);
  expect(byLabel['deal']).toMatchObject({ type: 'function' });
  expect(byLabel['def']).toMatchObject({ type: 'keyword' });
  expect(byLabel['Deck']).toMatchObject({ type: 'class', detail: 'lib/cards.py' });
  expect(byLabel['shuffled']).toMatchObject({ type: 'text', detail: 'lib/cards.py' });
});

test('what is being typed does not suggest itself', () => {
  const found = buildCompletions([], doc('counter coun'), [], 'coun');
  expect(found.map((each) => each.label)).toEqual(['counter']);
});
