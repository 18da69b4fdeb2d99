// @vitest-environment jsdom
import { expect, test } from 'vitest';
import { isPressed, isTyping, showKeys } from '#lib/workbench/keys.ts';

const key = (init: KeyboardEventInit) => new KeyboardEvent('keydown', init);

test('a combination is exactly its keys', () => {
  expect(isPressed(key({ key: 'Enter', ctrlKey: true }), 'Mod+Enter')).toBe(true);
  expect(isPressed(key({ key: 'Enter', ctrlKey: true, shiftKey: true }), 'Mod+Enter')).toBe(false);
  expect(isPressed(key({ key: 'Enter' }), 'Mod+Enter')).toBe(false);
  expect(isPressed(key({ key: 'F', ctrlKey: true, shiftKey: true }), 'Mod+Shift+F')).toBe(true);
  expect(isPressed(key({ key: 'F6' }), 'F6')).toBe(true);
});

test('with Alt the place of the key counts, whatever the layout writes there', () => {
  const event = key({ key: '™', code: 'Digit2', ctrlKey: true, altKey: true });
  expect(isPressed(event, 'Mod+Alt+2')).toBe(true);
});

test('fields are typed in, buttons are not', () => {
  expect(isTyping(document.createElement('textarea'))).toBe(true);
  expect(isTyping(document.createElement('button'))).toBe(false);
  expect(showKeys('Mod+K')).toBe('Ctrl+K');
});
