import { expect, test } from 'vitest';
import type { RuntimeAnswer } from '#lib/api/types.ts';
import {
  findRuntime,
  groupByLanguage,
  isOffered,
  nameOf,
  searchRuntimes,
} from '#lib/runtimes/runtimes.ts';

function runtime(given: Partial<RuntimeAnswer>): RuntimeAnswer {
  return {
    id: 'python',
    language: 'Python',
    name: 'Python',
    version: '3.11',
    description: 'CPython.',
    state: 'available',
    deprecated: false,
    default: true,
    aliases: ['py'],
    extensions: ['.py'],
    ...given,
  } as RuntimeAnswer;
}

const RUNTIMES = [
  runtime({ id: 'pypy3', name: 'PyPy', default: false, aliases: [], description: 'Fast.' }),
  runtime({}),
  runtime({ id: 'cpp', language: 'C++', name: 'C++', aliases: ['c++'], extensions: ['.cpp'] }),
];

const ids = (found: RuntimeAnswer[]) => found.map((each) => each.id);

test('each word of a search has to be somewhere', () => {
  expect(ids(searchRuntimes(RUNTIMES, 'python fast'))).toEqual(['pypy3']);
  expect(ids(searchRuntimes(RUNTIMES, ' C++ '))).toEqual(['cpp']);
  expect(ids(searchRuntimes(RUNTIMES, '.py'))).toEqual(['pypy3', 'python']);
  expect(searchRuntimes(RUNTIMES, '')).toHaveLength(3);
  expect(searchRuntimes(RUNTIMES, '(.*')).toEqual([]);
});

test('runtimes of a language stand together, its default first', () => {
  const groups = groupByLanguage(RUNTIMES);
  expect(groups.map(({ language, runtimes }) => [language, ids(runtimes)])).toEqual([
    ['Python', ['python', 'pypy3']],
    ['C++', ['cpp']],
  ]);
});

test('ids, aliases and languages find a runtime', () => {
  expect(findRuntime(RUNTIMES, 'py')?.id).toBe('python');
  expect(findRuntime(RUNTIMES, 'Python')?.id).toBe('python');
  expect(findRuntime(RUNTIMES, 'c++')?.id).toBe('cpp');
  expect(findRuntime(RUNTIMES, 'cobol')).toBeUndefined();
  expect(nameOf(RUNTIMES, 'c++')).toBe('C++');
  expect(nameOf(undefined, 'c++')).toBe('c++');
});

test('nothing new is begun with what is deprecated or not there', () => {
  expect(isOffered(runtime({ deprecated: true }))).toBe(false);
  expect(isOffered(runtime({ state: 'unavailable' }))).toBe(false);
  expect(isOffered(runtime({ state: 'unknown' }))).toBe(true);
});
