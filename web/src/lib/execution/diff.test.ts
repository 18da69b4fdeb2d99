import { expect, test } from 'vitest';
import { diffLines } from '#lib/execution/diff.ts';

const SIGNS = { same: ' ', missing: '-', extra: '+' };

function diff(expected: string, actual: string): string[] {
  return diffLines(expected, actual).map((line) => SIGNS[line.kind] + line.text);
}

test.each<[string, string, string, string[]]>([
  ['equal', 'a\nb\n', 'a\nb\n', [' a', ' b']],
  ['a line end more', 'a\n', 'a', [' a']],
  ['changed', 'a\nb\nc', 'a\nx\nc', [' a', '-b', '+x', ' c']],
  ['missing', 'a\nb\nc', 'a\nc', [' a', '-b', ' c']],
  ['extra', 'a\nc', 'a\nb\nc', [' a', '+b', ' c']],
  ['moved', 'a\nb\nc\nd', 'b\nc\nd\na', ['-a', ' b', ' c', ' d', '+a']],
  ['nothing expected', '', 'a', ['+a']],
  ['nothing printed', 'a', '', ['-a']],
  ['an empty line', '\na', 'a', ['-', ' a']],
])('%s', (_, expected, actual, lines) => {
  expect(diff(expected, actual)).toEqual(lines);
});

test('long texts that have nothing in common take no time', () => {
  const lines = (word: string) => Array.from({ length: 5000 }, (_, n) => word + n).join('\n');
  const begun = performance.now();
  expect(diffLines(lines('a'), lines('b')).length).toBe(10_000);
  expect(performance.now() - begun).toBeLessThan(2000);
});
