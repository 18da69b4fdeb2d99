/** The runtime that was chosen last, for whoever begins without naming one. */
const KEY = 'runyard.runtime';

export function rememberRuntime(id: string): void {
  try {
    localStorage.setItem(KEY, id);
  } catch {
    // Storage is off; the next visit begins with the usual one.
  }
}

export function lastRuntime(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
