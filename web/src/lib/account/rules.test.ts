import { expect, test } from 'vitest';
import { checkPassword } from '#lib/account/rules.ts';

const met = (password: string, name = '', email = '') =>
  checkPassword(password, name, email).map((each) => each.isMet);

test.each([
  ['a password of some length', [true, true, true]],
  ['short 123', [false, true, true]],
  ['x'.repeat(257) + 'abc', [false, true, true]],
  ['abababababab', [true, false, true]],
  ['AaBbAaBbAaBb', [true, false, true]],
  ['', [false, false, false]],
])('%s meets %j', (password, expected) => {
  expect(met(password)).toEqual(expected);
});

test('characters outside of the basic plane count once, as on the server', () => {
  expect(checkPassword('🦊🐻🐼🐨🐯🦁🐮🐷🐸')[0].text).toContain('now 9');
});

test.each(['grace-hopper', 'Grace-Hopper', 'grace-hopper@navy.example', 'grace.m.hopper'])(
  '%s is somebody’s name or address',
  (password) => {
    const email = password.includes('.m.')
      ? 'grace.m.hopper@navy.example'
      : 'grace-hopper@navy.example';
    expect(met(password, 'grace-hopper', email)[2]).toBe(false);
  },
);
