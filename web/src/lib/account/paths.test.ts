import { expect, test } from 'vitest';
import { localPath } from '#lib/account/paths.ts';

test.each([
  ['/projects/1?file=a.py#L3', '/projects/1?file=a.py#L3'],
  [null, '/projects'],
  ['https://evil.example/', '/projects'],
  ['//evil.example/', '/projects'],
  ['/\\evil.example/', '/projects'],
  ['javascript:alert(1)', '/projects'],
])('%s leads to %s', (given, expected) => {
  expect(localPath(given)).toBe(expected);
});
