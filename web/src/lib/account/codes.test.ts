import { expect, test } from 'vitest';
import { groupSecret, writeRecoveryCodes, writeUserCode } from '#lib/account/codes.ts';

test('a secret is read in groups of four', () => {
  expect(groupSecret('ABCDEFGHIJ')).toBe('ABCD EFGH IJ');
  expect(groupSecret('')).toBe('');
});

test.each([
  ['bcdf-ghjk', 'BCDF-GHJK'],
  ['bcdfghjk', 'BCDF-GHJK'],
  [' BCDF GHJK ', 'BCDF-GHJK'],
  ['bcd', 'BCD'],
  ['BCDF-GHJK-more', 'BCDF-GHJK'],
])('%s is the code %s', (typed, code) => {
  expect(writeUserCode(typed)).toBe(code);
});

test('recovery codes say whose they are and where they work', () => {
  const text = writeRecoveryCodes(['aaaa-bbbb', 'cccc-dddd'], 'ada', 'https://runyard.example');
  expect(text.split('\n').slice(0, 4)).toEqual([
    'Recovery codes of ada at https://runyard.example',
    '',
    'aaaa-bbbb',
    'cccc-dddd',
  ]);
});
