/** Secrets and codes in the form in which people copy them. */

/** "ABCDEFGH" → "ABCD EFGH" */
export function groupSecret(secret: string): string {
  return secret.match(/.{1,4}/g)?.join(' ') ?? '';
}

/** What is kept of recovery codes as a file, or on paper. */
export function writeRecoveryCodes(
  codes: readonly string[],
  account: string,
  site: string,
): string {
  return [
    `Recovery codes of ${account} at ${site}`,
    '',
    ...codes,
    '',
    'Each lets you log in once without the authenticator. Keep them where the authenticator is not.',
    '',
  ].join('\n');
}

/** A program's code as it is told: capital letters, a dash in the middle. */
export function writeUserCode(typed: string): string {
  const letters = typed
    .toUpperCase()
    .replace(/[^A-Z]/g, '')
    .slice(0, 8);
  return letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters;
}
