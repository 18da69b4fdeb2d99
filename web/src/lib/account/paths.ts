/** Where to go after a login: only to a page of this site, whatever the address says. */
export function localPath(given: string | null, otherwise = '/projects'): string {
  if (given === null || !given.startsWith('/')) return otherwise;
  const target = new URL(given, 'http://site.invalid');
  // `//elsewhere` and `/\elsewhere` name other hosts.
  return target.host === 'site.invalid' ? target.pathname + target.search + target.hash : otherwise;
}

/** The login page that leads back here. */
export function loginPath(here: Pick<URL, 'pathname' | 'search'>): string {
  return `/login?next=${encodeURIComponent(here.pathname + here.search)}`;
}

/** The secret of a link, which stands behind its # and so reaches no server's log. */
export function readTicket(here: Pick<URL, 'hash'>): string {
  return decodeTicket(here.hash.slice(1));
}

function decodeTicket(text: string): string {
  try {
    return decodeURIComponent(text).trim();
  } catch {
    return text;
  }
}
