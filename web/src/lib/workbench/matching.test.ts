import { expect, test } from 'vitest';
import { findMatches, scoreMatch } from '#lib/workbench/matching.ts';

const find = (query: string, items: string[]) => findMatches(query, items, (item) => item);

test('letters have to be there, in their order', () => {
  expect(scoreMatch('nf', 'New file')).not.toBeNull();
  expect(scoreMatch('fn', 'New file')).toBeNull();
  expect(find('zz', ['New file'])).toEqual([]);
});

test('without a query everything stays in its order', () => {
  expect(find('', ['b', 'a'])).toEqual(['b', 'a']);
});

test('whole words come first, then beginnings of words, then mere letters', () => {
  expect(find('run', ['Earlier runs', 'prune', 'Run main.py'])).toEqual([
    'Run main.py',
    'Earlier runs',
    'prune',
  ]);
  expect(find('nf', ['enough for', 'New file'])[0]).toBe('New file');
  expect(find('mpy', ['lib/map.py', 'main.py'])[0]).toBe('main.py');
});

test('signs are letters too', () => {
  expect(find('c++', ['C', 'C++ (GCC)'])).toEqual(['C++ (GCC)']);
});
