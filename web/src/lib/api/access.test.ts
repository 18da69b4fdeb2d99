// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Access, type Leaving } from '#lib/api/access.ts';
import { Problem } from '#lib/api/problem.ts';
import type { SessionAnswer } from '#lib/api/types.ts';

const LIFETIME_SECONDS = 900;
let count = 0;
let refresh: ReturnType<typeof vi.fn<() => Promise<Response>>>;

function answer(token = `token-${++count}`): SessionAnswer {
  return {
    access_token: token,
    expires_seconds: LIFETIME_SECONDS,
    must_enrol_totp: false,
    account: {
      id: 'a1',
      name: 'ada',
      email: 'ada@example.org',
      role: 'user',
      suspended: false,
      totp: false,
      created_at: '2026-11-01T00:00:00Z',
    },
  };
}

function refuse(status: number, code: string): Response {
  return new Response(JSON.stringify({ code, detail: code }), {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
  });
}

async function openPage(): Promise<Access> {
  const page = new Access();
  page.open();
  return page;
}

const logIn = (page: Access, session = answer()) => page.logIn(async () => session);

beforeEach(() => {
  localStorage.clear();
  refresh = vi.fn(async () => new Response(JSON.stringify(answer())));
  vi.stubGlobal('fetch', refresh);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a token is sent for as long as it is good, and asked for once', async () => {
  const page = new Access();
  await logIn(page, answer('first'));
  expect(await page.token()).toBe('first');
  expect(refresh).not.toHaveBeenCalled();
});

test('a page that slept refreshes before its next request, once for all that wait', async () => {
  const page = new Access();
  await logIn(page, answer('first'));
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3 * LIFETIME_SECONDS * 1000);
  const tokens = await Promise.all([page.token(), page.token(), page.token(), page.token()]);
  vi.mocked(Date.now).mockRestore();
  expect(new Set(tokens).size).toBe(1);
  expect(tokens[0]).not.toBe('first');
  expect(refresh).toHaveBeenCalledOnce();
});

test('pages take turns and tell each other, so that one cookie is used once', async () => {
  const [one, other] = [await openPage(), await openPage()];
  await logIn(one, answer('first'));
  await vi.waitFor(() => expect(other.current).toBe('first'));
  let open = 0;
  refresh.mockImplementation(async () => {
    expect(++open, 'requests at a time').toBe(1);
    await Promise.resolve();
    open--;
    return new Response(JSON.stringify(answer('second')));
  });
  await Promise.all([one.renew('first'), other.renew('first')]);
  expect(one.current).toBe('second');
  await vi.waitFor(() => expect(other.current).toBe('second'));
});

test('who waited takes what another page got meanwhile', async () => {
  const page = new Access();
  await logIn(page, answer('second'));
  expect(await page.renew('first')).toBe('second');
  expect(refresh).not.toHaveBeenCalled();
});

test('logging out in one page logs all out', async () => {
  const [one, other] = [await openPage(), await openPage()];
  const heard: (Leaving | 'in')[] = [];
  other.onChange((news) => heard.push(news.session === null ? news.leaving : 'in'));
  await logIn(one);
  await one.logOut(async () => undefined);
  await vi.waitFor(() => expect(heard).toEqual(['in', 'logged-out']));
  expect([one.current, other.current]).toEqual([null, null]);
  expect(one.isLikely).toBe(false);
  expect(other.isEnded).toBe(false);
});

test('a log out that does not reach the server leaves the session as it is', async () => {
  const page = new Access();
  await logIn(page, answer('first'));
  await expect(page.logOut(() => Promise.reject(new Error('offline')))).rejects.toThrow('offline');
  expect(page.current).toBe('first');
});

test('a session that the server ended is ended, in every page', async () => {
  const [one, other] = [await openPage(), await openPage()];
  await logIn(one, answer('first'));
  await vi.waitFor(() => expect(other.current).toBe('first'));
  refresh.mockResolvedValue(refuse(401, 'invalid_token'));
  expect(await one.renew('first')).toBeNull();
  expect(one.isEnded).toBe(true);
  await vi.waitFor(() => expect(other.isEnded).toBe(true));
  await logIn(one);
  expect(one.isEnded).toBe(false);
  await vi.waitFor(() => expect(other.isEnded).toBe(false));
});

test('a first visit without a session is a guest’s, not the end of one', async () => {
  const page = new Access();
  refresh.mockResolvedValue(refuse(401, 'invalid_token'));
  expect(await page.renew(null)).toBeNull();
  expect(page.isEnded).toBe(false);
});

test('a suspended account is told apart', async () => {
  const page = new Access();
  const heard: unknown[] = [];
  await logIn(page, answer('first'));
  page.onChange((news) => heard.push(news));
  refresh.mockResolvedValue(refuse(403, 'account_suspended'));
  expect(await page.renew('first')).toBeNull();
  expect(heard).toEqual([{ session: null, leaving: 'suspended' }]);
});

test.each([
  ['a server that is not reached', () => Promise.reject(new TypeError('network')), 'unreachable'],
  ['a server that is busy', async () => refuse(503, 'busy'), 'busy'],
])('%s ends no session', async (_, respond, code) => {
  const page = new Access();
  await logIn(page, answer('first'));
  refresh.mockImplementation(respond);
  await expect(page.renew('first')).rejects.toMatchObject({ code } satisfies Partial<Problem>);
  expect(page.current).toBe('first');
  expect(page.isLikely).toBe(true);
});
