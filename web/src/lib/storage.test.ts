// @vitest-environment jsdom
import { afterEach, expect, test, vi } from 'vitest';
import { inBrowser, inTab } from '#lib/storage.ts';

afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
  sessionStorage.clear();
});

test('texts and values are kept, and taken away', () => {
  inBrowser.write('a', 'text');
  inTab.writeJson('a', { b: [1] });
  expect(inBrowser.read('a')).toBe('text');
  expect(inTab.readJson('a')).toEqual({ b: [1] });

  inBrowser.write('a', null);
  expect(inBrowser.read('a')).toBeNull();
});

test.each(['', '{', 'nothing'])('what is no JSON, as %o, is nothing', (kept) => {
  localStorage.setItem('a', kept);
  expect(inBrowser.readJson('a')).toBeNull();
});

test('storage that is off keeps nothing, and nothing breaks', () => {
  vi.spyOn(window, 'localStorage', 'get').mockImplementation(() => {
    throw new DOMException('Access is denied.', 'SecurityError');
  });
  inBrowser.writeJson('a', 1);
  expect(inBrowser.readJson('a')).toBeNull();
});
