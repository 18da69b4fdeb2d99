/**
 * The access token of who is logged in. It lives in memory only; a cookie that no script can read
 * gets the next one. Every use of that cookie replaces it and a second use of the same one ends the
 * session, so all open pages of the site take turns and tell each other what they got.
 */
import { apiUrl } from '#lib/api/address.ts';
import type { SessionAnswer } from '#lib/api/types.ts';
import { readProblem, unreachable } from '#lib/api/problem.ts';

// Renewed before it expires, so that no request has to be sent twice.
const MARGIN_MS = 30_000;
const LOCK = 'runyard.refresh';
// Tells the next visit that it is worth asking for a session.
const HINT = 'runyard.session';

interface Held {
  token: string;
  expiresMs: number;
}

type Listener = (session: SessionAnswer | null) => void;

class Access {
  #held: Held | null = null;
  #renewing: Promise<string | null> | null = null;
  #listeners = new Set<Listener>();
  #channel: BroadcastChannel | null = null;

  /** Begin to hear of other pages of the site. */
  open(): void {
    if (this.#channel || typeof BroadcastChannel === 'undefined') return;
    this.#channel = new BroadcastChannel('runyard.session');
    this.#channel.onmessage = (event: MessageEvent<SessionAnswer | null>) => {
      this.#keep(event.data);
      this.#tell(event.data);
    };
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether somebody was logged in in this browser when it was last looked at. */
  get isLikely(): boolean {
    return readHint();
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

  /** Take over what a login answered. */
  accept(session: SessionAnswer): void {
    this.#keep(session);
    this.#channel?.postMessage(session);
    this.#tell(session);
  }

  /** Forget the session, here and in the other open pages. */
  forget(): void {
    this.#keep(null);
    this.#channel?.postMessage(null);
    this.#tell(null);
  }

  /** Get another token in place of `former`. Null: the session has ended. */
  async renew(former: string | null): Promise<string | null> {
    this.#renewing ??= this.#takeTurn(former).finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #takeTurn(former: string | null): Promise<string | null> {
    const renew = async () => {
      // Another page may have renewed it while this one waited.
      if (this.#held !== null && this.#held.token !== former) return this.#held.token;
      return this.#refresh();
    };
    // Without TLS, other than on this machine, browsers offer no locks.
    return navigator.locks ? navigator.locks.request(LOCK, renew) : renew();
  }

  async #refresh(): Promise<string | null> {
    const response = await fetch(apiUrl('/auth/refresh'), {
      method: 'POST',
      credentials: 'include',
    }).catch(() => {
      throw unreachable();
    });
    if (response.ok) {
      const session = (await response.json()) as SessionAnswer;
      this.accept(session);
      return session.access_token;
    }
    if (response.status !== 401) throw await readProblem(response);
    this.forget();
    return null;
  }

  #keep(session: SessionAnswer | null): void {
    this.#held = session && {
      token: session.access_token,
      expiresMs: Date.now() + session.expires_seconds * 1000,
    };
    writeHint(session !== null);
  }

  #tell(session: SessionAnswer | null): void {
    for (const listener of this.#listeners) listener(session);
  }
}

function readHint(): boolean {
  try {
    return localStorage.getItem(HINT) !== null;
  } catch {
    return false;
  }
}

function writeHint(isSet: boolean): void {
  try {
    if (isSet) localStorage.setItem(HINT, '1');
    else localStorage.removeItem(HINT);
  } catch {
    // Storage is off; the next visit begins as a guest.
  }
}

export const access = new Access();
