/** Where somebody who has just logged in goes on. */
import { goto } from '$app/navigation';
import { session } from '#lib/session.svelte.ts';

/** Go to a page of this site in place of the present one; first of all to what the server demands. */
export async function goOn(next: string): Promise<void> {
  const path = session.mustEnrolTotp
    ? `/account/second-factor?next=${encodeURIComponent(next)}`
    : next;
  try {
    await goto(path, { replace: true });
  } catch {
    // Links may be old, or typed by hand; an address without a page refuses to be gone to.
    await goto('/', { replace: true });
  }
}
