import { expect, test } from 'vitest';
import { localPath, loginPath, readTicket } from '#lib/account/paths.ts';

test.each([
  ['/projects/1?file=a.py#L3', '/projects/1?file=a.py#L3'],
  [null, '/projects'],
  ['https://evil.example/', '/projects'],
  ['//evil.example/', '/projects'],
  ['/\\evil.example/', '/projects'],
  ['/\t/evil.example/', '/projects'],
  ['javascript:alert(1)', '/projects'],
])('%s leads to %s', (given, expected) => {
  expect(localPath(given)).toBe(expected);
});

test('a login leads back with what the address asked for', () => {
  const here = new URL('https://runyard.example/runs?outcome=failed&page=2');
  const login = new URL(loginPath(here), here);
  expect(localPath(login.searchParams.get('next'))).toBe('/runs?outcome=failed&page=2');
});

test.each([
  ['https://runyard.example/setup#abc_-1', 'abc_-1'],
  ['https://runyard.example/setup#abc%20', 'abc'],
  ['https://runyard.example/setup#%', '%'],
  ['https://runyard.example/setup', ''],
])('the ticket of %s is %s', (address, ticket) => {
  expect(readTicket(new URL(address))).toBe(ticket);
});
