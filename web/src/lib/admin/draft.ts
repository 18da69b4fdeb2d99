/** What somebody has typed and not saved yet; it outlives a reload of the page, in this tab. */
import { read, write } from '#lib/admin/storage.ts';

const PREFIX = 'runyard.admin.draft.';

export function readDraft<T>(name: string): T | null {
  const text = read(sessionStorage, PREFIX + name);
  try {
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

export function keepDraft(name: string, draft: unknown): void {
  write(sessionStorage, PREFIX + name, JSON.stringify(draft));
}

export function dropDraft(name: string): void {
  write(sessionStorage, PREFIX + name, null);
}
