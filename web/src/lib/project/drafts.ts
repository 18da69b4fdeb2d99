/** Unsaved code, kept in this browser's IndexedDB so that closing or reloading a page loses nothing. */
import { createStore, del, entries, get, set, type UseStore } from 'idb-keyval';
import type { FileBody } from '#lib/api/types.ts';
import { fromBody, toBody } from '#lib/project/content.ts';
import type { Setup, Snapshot } from '#lib/project/snapshot.ts';
import { inTab } from '#lib/storage.ts';

export interface Kept {
  files: FileBody[];
  setup: Setup;
  /** The revision it was made from; 0 for what no server has. */
  base: number;
  atMs: number;
}

let opened: UseStore | null = null;
const store = () => (opened ??= createStore('runyard', 'drafts'));

export async function keep(key: string, snapshot: Snapshot, base = 0): Promise<void> {
  const files = [...snapshot.files].map(([path, content]) => toBody(path, content));
  // Without what makes it reactive, which cannot be stored.
  const setup = structuredClone(snapshot.setup);
  await set(key, { files, setup, base, atMs: Date.now() } satisfies Kept, store());
}

export async function recall(key: string): Promise<Kept | null> {
  return (await get<Kept>(key, store()).catch(() => undefined)) ?? null;
}

export async function forget(key: string): Promise<void> {
  await del(key, store()).catch(() => undefined);
}

/** The last one kept under keys that begin with `prefix`. */
export async function recallLatest(prefix: string): Promise<[string, Kept] | null> {
  const all = await entries<string, Kept>(store()).catch(() => []);
  const own = all.filter(([key]) => key.startsWith(prefix));
  return own.sort(([, one], [, other]) => other.atMs - one.atMs)[0] ?? null;
}

export function toSnapshot(kept: Kept): Snapshot {
  return {
    files: new Map(kept.files.map((file) => [file.path, fromBody(file)])),
    setup: kept.setup,
  };
}

/** Says which page of the browser keeps something; it stays the same over reloads. */
export function pageName(): string {
  const KEY = 'runyard.page';
  if (!inTab.read(KEY)) inTab.write(KEY, crypto.getRandomValues(new Uint32Array(2)).join('-'));
  return inTab.read(KEY) ?? 'page';
}
