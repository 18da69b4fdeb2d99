/** The one door to the API: every request of the site goes through `request`. */
import { Problem, readProblem, sessionEnded, unreachable } from '#lib/api/problem.ts';
import { access } from '#lib/api/access.ts';
import { apiUrl, type Query } from '#lib/api/address.ts';

export interface Options {
  body?: unknown;
  /** Sent as it is, with its own type, in place of `body`. */
  raw?: Blob;
  query?: Query;
  ifMatch?: number | string;
  /** What kind of answer is wanted; the server's own choice without. */
  accept?: string;
  signal?: AbortSignal;
  /** Without who is logged in. */
  anonymous?: boolean;
}

/** Send a request; throw a `Problem` unless it succeeded. */
export async function send(method: string, path: string, options: Options = {}): Promise<Response> {
  const token = options.anonymous ? null : await access.token();
  if (!options.anonymous && access.isEnded) throw sessionEnded();
  const response = await attempt(method, path, options, token);
  if (response.ok) return response;
  const problem = await readProblem(response);
  if (problem.status === 401 && token !== null && problem.code === 'invalid_token') {
    const fresh = await access.renew(token);
    if (fresh === null) throw sessionEnded();
    const again = await attempt(method, path, options, fresh);
    if (again.ok) return again;
    throw await readProblem(again);
  }
  throw problem;
}

/** Send a request and read its JSON; `T` names what OpenAPI says of it. */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) =>
    request<T>('GET', path, { query, signal }),
  post: <T = void>(path: string, body?: unknown, options: Options = {}) =>
    request<T>('POST', path, { body, ...options }),
  put: <T = void>(path: string, body?: unknown, options: Options = {}) =>
    request<T>('PUT', path, { body, ...options }),
  patch: <T = void>(path: string, body?: unknown, options: Options = {}) =>
    request<T>('PATCH', path, { body, ...options }),
  delete: <T = void>(path: string, options: Options = {}) => request<T>('DELETE', path, options),
};

async function attempt(
  method: string,
  path: string,
  options: Options,
  token: string | null,
): Promise<Response> {
  const headers: Record<string, string> = {};
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (options.accept !== undefined) headers.Accept = options.accept;
  if (options.ifMatch !== undefined) headers['If-Match'] = `"${options.ifMatch}"`;
  try {
    return await fetch(apiUrl(path, options.query), {
      method,
      headers,
      body: options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      signal: options.signal,
      // Only what is about the session has cookies.
      credentials: path.startsWith('/auth/') ? 'include' : 'omit',
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw unreachable();
  }
}

/** Save what the API answers as a file of the visitor's. */
export async function download(path: string, name: string): Promise<void> {
  const response = await send('GET', path);
  saveFile(await response.blob(), name);
}

export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = Object.assign(document.createElement('a'), { href: address, download: name });
  link.click();
  URL.revokeObjectURL(address);
}

export { Problem };
