// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { takeLease, takeTurn } from '#lib/api/turns.ts';

const KEY = 'runyard.refresh';

beforeEach(() => localStorage.clear());
afterEach(() => vi.unstubAllGlobals());

/** Counts how many do it at a time. */
function measure() {
  const seen = { open: 0, most: 0, done: 0 };
  const work = async () => {
    seen.most = Math.max(seen.most, ++seen.open);
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.open--;
    return ++seen.done;
  };
  return { seen, work };
}

test('without locks, storage tells whose turn it is', async () => {
  const { seen, work } = measure();
  await Promise.all([takeLease(work), takeLease(work), takeLease(work)]);
  expect(seen).toEqual({ open: 0, most: 1, done: 3 });
  expect(localStorage.getItem(KEY)).toBeNull();
});

test('locks are used where the browser has them', async () => {
  const request = vi.fn((_: string, work: () => Promise<unknown>) => work());
  vi.stubGlobal('navigator', { locks: { request } });
  expect(await takeTurn(async () => 7)).toBe(7);
  expect(request).toHaveBeenCalledWith(KEY, expect.any(Function));
});

test('what fails gives its turn back', async () => {
  await expect(takeLease(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  expect(await takeLease(async () => 7)).toBe(7);
});

test.each([
  ['of a page that was closed', { holder: 'gone', untilMs: Date.now() - 1 }],
  ['of a clock that was set back', { holder: 'gone', untilMs: Date.now() + 86_400_000 }],
])('the turn %s keeps nobody waiting', async (_, lease) => {
  localStorage.setItem(KEY, JSON.stringify(lease));
  expect(await takeLease(async () => 7)).toBe(7);
});

test('without storage there is nothing to wait for', async () => {
  const refuse = () => {
    throw new DOMException('off', 'SecurityError');
  };
  vi.stubGlobal('localStorage', { getItem: refuse, setItem: refuse, removeItem: refuse });
  expect(await takeLease(async () => 7)).toBe(7);
});
