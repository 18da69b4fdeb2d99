/** Who is here, for every page. */
import { access } from '#lib/api/access.ts';
import { api } from '#lib/api/client.ts';
import type { AccountAnswer, OptionsAnswer, SessionAnswer } from '#lib/api/types.ts';

class Session {
  account = $state<AccountAnswer | null>(null);
  /** Whether an authenticator has to be set up before anything else. */
  mustEnrolTotp = $state(false);
  /** False until it is known whether somebody is logged in. */
  isKnown = $state(false);
  /** How one gets an account here; null until the server told. */
  options = $state<OptionsAnswer | null>(null);

  get isAdmin(): boolean {
    return this.account?.role === 'admin';
  }

  /** Find out who is here; every page waits for it before it asks the API as somebody. */
  async begin(): Promise<void> {
    access.open();
    access.onChange((session) => this.#show(session));
    const options = api
      .get<OptionsAnswer>('/auth/options')
      .then((answer) => (this.options = answer))
      .catch(() => undefined);
    try {
      if (access.isLikely) await access.renew(null);
      else await options;
    } catch {
      // Not reached: the pages say so themselves when they ask for something.
    } finally {
      this.isKnown = true;
    }
  }

  accept(session: SessionAnswer): void {
    access.accept(session);
  }

  async logOut(): Promise<void> {
    await api.post('/auth/logout');
    access.forget();
  }

  #show(session: SessionAnswer | null): void {
    this.account = session?.account ?? null;
    this.mustEnrolTotp = session?.must_enrol_totp ?? false;
  }
}

export const session = new Session();
