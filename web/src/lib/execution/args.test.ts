import { expect, test } from 'vitest';
import { joinArgs, splitArgs } from '#lib/execution/args.ts';

test.each<[string, string[]]>([
  ['', []],
  ['  one   two ', ['one', 'two']],
  ['\'a b\' "c d"', ['a b', 'c d']],
  ['a"b c"d', ['ab cd']],
  ["''", ['']],
  ['a\\ b', ['a b']],
  ['"a \\" b"', ['a " b']],
  ["'a \\ b'", ['a \\ b']],
  ['"C:\\dir"', ['C:\\dir']],
  ['--name=größe $HOME *', ['--name=größe', '$HOME', '*']],
])('%s', (line, expected) => {
  expect(splitArgs(line)).toEqual({ args: expected, problem: null });
});

test('a quote that is open is told of, and what was typed counts', () => {
  expect(splitArgs('a "b c')).toEqual({
    args: ['a', 'b c'],
    problem: 'The quote " is not closed.',
  });
});

test.each([[['a', 'b c', '', "it's", 'say "x"', `it's "x" \\ y`, '\\', '*', '\n']]])(
  'what is joined splits into the same',
  (args) => {
    expect(splitArgs(joinArgs(args)).args).toEqual(args);
  },
);
