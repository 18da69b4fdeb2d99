import { expect, test } from 'vitest';
import { InputHistory } from '#lib/execution/typed.ts';

test('arrows go through what was typed, and back to what was begun', () => {
  const history = new InputHistory();
  history.add('one');
  history.add('two');

  expect(history.older('beg')).toBe('two');
  expect(history.older('two')).toBe('one');
  expect(history.older('one')).toBe('one');
  expect(history.newer('one')).toBe('two');
  expect(history.newer('two')).toBe('beg');
  expect(history.newer('beg')).toBe('beg');
});
