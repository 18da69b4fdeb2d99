// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { access } from '#lib/api/access.ts';
import { api } from '#lib/api/client.ts';
import type { SessionAnswer } from '#lib/api/types.ts';

type Handler = (path: string, token: string | null) => Response;

let sent: string[];

function serve(handle: Handler): void {
  sent = [];
  const fetch = async (address: string, init: RequestInit = {}) => {
    const path = address.replace('/api/v1', '');
    const token = new Headers(init.headers).get('authorization')?.replace('Bearer ', '') ?? null;
    sent.push(`${path} ${token}`);
    return handle(path, token);
  };
  vi.stubGlobal('fetch', fetch);
}

const session = (token: string) =>
  ({ access_token: token, expires_seconds: 900 }) as unknown as SessionAnswer;
const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
  });
const ended = () => json({ code: 'invalid_token', detail: 'ended' }, 401);

beforeEach(() => access.logIn(async () => session('old')));
afterEach(() => {
  access.forget('logged-out');
  vi.unstubAllGlobals();
});

test('a token that is refused is renewed, and the request sent once more', async () => {
  serve((path, token) => {
    if (path === '/auth/refresh') return json(session('new'));
    return token === 'new' ? json({ ok: true }) : ended();
  });
  expect(await api.get('/account')).toEqual({ ok: true });
  expect(sent).toEqual(['/account old', '/auth/refresh null', '/account new']);
});

test('many requests that are refused at once renew it once', async () => {
  serve((path, token) => {
    if (path === '/auth/refresh') return json(session('new'));
    return token === 'new' ? json({}) : ended();
  });
  await Promise.all([api.get('/a'), api.get('/b'), api.get('/c')]);
  expect(sent.filter((each) => each.startsWith('/auth/refresh'))).toHaveLength(1);
});

test('what is refused again is not sent a third time', async () => {
  serve((path) => (path === '/auth/refresh' ? json(session('new')) : ended()));
  await expect(api.get('/account')).rejects.toMatchObject({ code: 'invalid_token' });
  expect(sent).toHaveLength(3);
});

test('a wrong password is an answer, not the end of the session', async () => {
  serve(() => json({ code: 'authentication_failed', detail: 'wrong', field: 'password' }, 401));
  const refused = api.post('/account/totp', { password: 'x' });
  await expect(refused).rejects.toMatchObject({ code: 'authentication_failed' });
  expect(sent).toHaveLength(1);
  expect(access.current).toBe('old');
});

test('nothing goes out as a guest’s when the session ended under it', async () => {
  serve(() => ended());
  const program = { runtime: 'python3', files: [] };
  await expect(api.post('/executions', program)).rejects.toMatchObject({ code: 'session_ended' });
  await expect(api.post('/executions', program)).rejects.toMatchObject({ code: 'session_ended' });
  expect(sent).toEqual(['/executions old', '/auth/refresh null']);
  // Somebody chose to go on as a guest.
  access.forget('logged-out');
  serve(() => json({ id: '1' }));
  expect(await api.post('/executions', program)).toEqual({ id: '1' });
  expect(sent).toEqual(['/executions null']);
});
