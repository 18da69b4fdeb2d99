/** Who is here, for every page. */
import { access, type Leaving } from '#lib/api/access.ts';
import { api } from '#lib/api/client.ts';
import { Problem } from '#lib/api/problem.ts';
import type { AccountAnswer, OptionsAnswer, SessionAnswer } from '#lib/api/types.ts';

interface Ended {
  account: AccountAnswer;
  leaving: Leaving;
}

export interface Credentials {
  login: string;
  password: string;
  code?: string;
}

class Session {
  account = $state<AccountAnswer | null>(null);
  /** Who was here until the server ended it. The page stays, and asks to log in again. */
  ended = $state<Ended | null>(null);
  /** Whether an authenticator has to be set up before anything else. */
  mustEnrolTotp = $state(false);
  /** False until it is known whether somebody is logged in. */
  isKnown = $state(false);
  /** Why it could not be found out who is here. */
  problem = $state<Problem | null>(null);
  /** How one gets an account here; null until the server told. */
  options = $state<OptionsAnswer | null>(null);

  get isAdmin(): boolean {
    return this.account?.role === 'admin';
  }

  /** Whose page this is: also of who has to log in again. */
  get owner(): AccountAnswer | null {
    return this.account ?? this.ended?.account ?? null;
  }

  /** Find out who is here; every page waits for it before it asks the API as somebody. */
  async begin(): Promise<void> {
    access.open();
    access.onChange((news) =>
      news.session === null ? this.#leave(news.leaving) : this.#show(news.session),
    );
    await this.find();
  }

  async find(): Promise<void> {
    this.problem = null;
    const options = api
      .get<OptionsAnswer>('/auth/options')
      .then((answer) => (this.options = answer))
      .catch(() => undefined);
    try {
      if (access.isLikely) await access.renew(access.current);
      else await options;
    } catch (error) {
      if (error instanceof Problem) this.problem = error;
    } finally {
      this.isKnown = true;
    }
  }

  async logIn(credentials: Credentials): Promise<void> {
    await this.#open('/auth/login', credentials);
  }

  /** Make an account, and log in. */
  async join(path: '/auth/sign-up' | '/auth/setup', body: unknown): Promise<void> {
    await this.#open(path, body);
  }

  async logOut(): Promise<void> {
    await access.logOut(() => api.post('/auth/logout', undefined, { anonymous: true }));
  }

  /** Go on as a guest where the server ended the session. */
  leave(): void {
    access.forget('logged-out');
  }

  /** Look again at what the account is, after it was changed. */
  async renew(): Promise<void> {
    await access.renew(access.current);
  }

  async #open(path: string, body: unknown): Promise<void> {
    await access.logIn(() => api.post<SessionAnswer>(path, body, { anonymous: true }));
  }

  #show(session: SessionAnswer): void {
    this.ended = null;
    this.problem = null;
    this.account = session.account;
    this.mustEnrolTotp = session.must_enrol_totp;
  }

  #leave(leaving: Leaving): void {
    if (leaving === 'logged-out') this.ended = null;
    else if (this.account !== null) this.ended = { account: this.account, leaving };
    this.account = null;
    this.mustEnrolTotp = false;
  }
}

export const session = new Session();
