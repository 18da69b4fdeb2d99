/** Where to go after a login: only to a page of this site, whatever the address says. */
export function localPath(given: string | null, otherwise = '/projects'): string {
  if (given === null || !given.startsWith('/')) return otherwise;
  const target = new URL(given, 'http://site.invalid');
  // `//elsewhere` and `/\elsewhere` name other hosts.
  return target.host === 'site.invalid' ? target.pathname + target.search + target.hash : otherwise;
}
