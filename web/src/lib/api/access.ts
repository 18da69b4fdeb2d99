/**
 * The access token of who is logged in. It lives in memory only; a cookie that no script can read
 * gets the next one. Every use of that cookie replaces it, and a second use of the same one a while
 * later ends the session, so all open pages of the site take turns and tell each other what they got.
 *
 * A token is good for a quarter of an hour. A page that slept longer gets another one before its
 * next request, because the clock went on.
 */
import { apiUrl } from '#lib/api/address.ts';
import { readProblem, unreachable, type Problem } from '#lib/api/problem.ts';
import { takeTurn } from '#lib/api/turns.ts';
import type { SessionAnswer } from '#lib/api/types.ts';
import { inBrowser } from '#lib/storage.ts';

// Renewed before it expires, so that no request has to be sent twice.
const MARGIN_MS = 30_000;
// A server that does not answer must not keep the other pages waiting for their turn.
const REFRESH_MS = 10_000;
// Tells the next visit that it is worth asking for a session.
const HINT = 'runyard.session';

/** Why nobody is logged in any more: somebody logged out, or the server said no. */
export type Leaving = 'logged-out' | 'ended' | 'suspended';

type News = { session: SessionAnswer } | { session: null; leaving: Leaving };
type Listener = (news: News) => void;

interface Held {
  token: string;
  expiresMs: number;
}

export class Access {
  #held: Held | null = null;
  #isEnded = false;
  #renewing: Promise<string | null> | null = null;
  #listeners = new Set<Listener>();
  #channel: BroadcastChannel | null = null;

  /** Begin to hear of other pages of the site. */
  open(): void {
    if (this.#channel || typeof BroadcastChannel === 'undefined') return;
    this.#channel = new BroadcastChannel('runyard.session');
    this.#channel.onmessage = (event: MessageEvent<News>) => this.#take(event.data);
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether somebody was logged in in this browser when it was last looked at. */
  get isLikely(): boolean {
    return inBrowser.read(HINT) !== null;
  }

  /**
   * Whether the server ended the session that this page still shows. What it sends meanwhile must
   * not go out as a guest's: a program would run for everybody to see.
   */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The token to send, renewed if it is about to expire; null for a guest. */
  async token(): Promise<string | null> {
    if (this.#held === null) return null;
    if (this.#held.expiresMs - Date.now() > MARGIN_MS) return this.#held.token;
    return this.renew(this.#held.token);
  }

  /** What is held at this moment, for what cannot wait. */
  get current(): string | null {
    return this.#held?.token ?? null;
  }

  /** Log in by `ask`, in turn with the other pages: a renewal of what was before would undo it. */
  async logIn(ask: () => Promise<SessionAnswer>): Promise<SessionAnswer> {
    return takeTurn(async () => {
      const session = await ask();
      this.#say({ session });
      return session;
    });
  }

  /** Log out by `ask`, and forget the session here and in the other open pages. */
  async logOut(ask: () => Promise<unknown>): Promise<void> {
    await takeTurn(async () => {
      await ask();
      this.forget('logged-out');
    });
  }

  forget(leaving: Leaving): void {
    this.#say({ session: null, leaving });
  }

  /** Get another token in place of `former`. Null: the session has ended. */
  async renew(former: string | null): Promise<string | null> {
    this.#renewing ??= takeTurn(async () => {
      // Another page may have renewed it while this one waited.
      if (this.#held !== null && this.#held.token !== former) return this.#held.token;
      // Or somebody logged out meanwhile.
      if (this.#held === null && former !== null) return null;
      return this.#refresh();
    }).finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #refresh(): Promise<string | null> {
    const response = await fetch(apiUrl('/auth/refresh'), {
      method: 'POST',
      credentials: 'include',
      signal: AbortSignal.timeout(REFRESH_MS),
    }).catch(() => {
      throw unreachable();
    });
    if (response.ok) {
      const session = (await response.json()) as SessionAnswer;
      this.#say({ session });
      return session.access_token;
    }
    const problem: Problem = await readProblem(response);
    if (response.status === 401) this.forget('ended');
    else if (problem.code === 'account_suspended') this.forget('suspended');
    else throw problem;
    return null;
  }

  #say(news: News): void {
    this.#channel?.postMessage(news);
    this.#take(news);
  }

  #take(news: News): void {
    const { session } = news;
    if (session !== null || news.leaving === 'logged-out') this.#isEnded = false;
    else this.#isEnded ||= this.#held !== null;
    this.#held = session && {
      token: session.access_token,
      expiresMs: Date.now() + session.expires_seconds * 1000,
    };
    inBrowser.write(HINT, session && '1');
    for (const listener of this.#listeners) listener(news);
  }
}

export const access = new Access();
