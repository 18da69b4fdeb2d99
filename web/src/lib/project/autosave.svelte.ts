/**
 * Saves a project as it is edited. Each save is a revision and old revisions are deleted, so it waits
 * for a pause; until the server has what was typed it is kept in this browser. What another page
 * saved meanwhile is laid together with one's own, and asked about where both changed a file.
 */
import { Problem } from '#lib/api/problem.ts';
import type { SaveBody } from '#lib/api/types.ts';
import { forget, keep, type Kept, toSnapshot } from '#lib/project/drafts.ts';
import {
  buildSave,
  isSameSnapshot,
  merge,
  newSetup,
  type Snapshot,
  takeTheirs,
} from '#lib/project/snapshot.ts';
import type { Workspace } from '#lib/project/workspace.svelte.ts';

export const QUIET_MS = 5_000;
export const UNSAVED_MS_MAX = 30_000;
export const KEEP_MS = 300;
const RETRY_MS = [2_000, 5_000, 15_000, 30_000];
const ROUNDS_MAX = 3;

export type SaveState = 'saved' | 'unsaved' | 'saving' | 'offline' | 'conflict' | 'refused';

export interface Stored {
  number: number;
  snapshot: Snapshot;
}

/** The server, as far as saving needs it. */
export interface Backend {
  /** Answers the number of the new revision; a Problem of status 412 if `base` is not the newest. */
  save(base: number, change: SaveBody): Promise<number>;
  /** The newest revision, or the one of that number. */
  load(number?: number): Promise<Stored>;
  newest(): Promise<number>;
}

export interface Conflict {
  theirs: Stored;
  /** What both changed. */
  paths: string[];
}

export class Autosave {
  state = $state<SaveState>('saved');
  /** Why the server refused the last save. */
  problem = $state.raw<unknown>(null);
  conflict = $state.raw<Conflict | null>(null);
  revision = $state(0);
  /** Called when a save is done. */
  onsaved: (revision: number) => void = () => undefined;
  /** Called when what somebody else saved was taken over. */
  ontakeover: () => void = () => undefined;

  readonly #workspace: Workspace;
  readonly #backend: Backend;
  readonly #key: string;
  #base: Snapshot;
  #saving: Promise<boolean> | null = null;
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  #keepTimer: ReturnType<typeof setTimeout> | undefined;
  #unsavedSinceMs: number | null = null;
  #failures = 0;
  #isClosed = false;

  constructor(workspace: Workspace, backend: Backend, stored: Stored, key: string) {
    this.#workspace = workspace;
    this.#backend = backend;
    this.#key = key;
    this.#base = stored.snapshot;
    this.revision = stored.number;
    workspace.onchange = () => this.touch();
  }

  get base(): Snapshot {
    return this.#base;
  }

  /** Something was changed by hand. */
  touch(): void {
    clearTimeout(this.#keepTimer);
    this.#keepTimer = setTimeout(() => void this.keep(), KEEP_MS);
    this.#unsavedSinceMs ??= Date.now();
    if (this.state === 'conflict') return;
    if (this.state !== 'saving') this.state = 'unsaved';
    const left = this.#unsavedSinceMs + UNSAVED_MS_MAX - Date.now();
    this.#schedule(Math.max(0, Math.min(QUIET_MS, left)));
  }

  /** Put what the server does not have into the browser's storage. */
  async keep(): Promise<void> {
    clearTimeout(this.#keepTimer);
    if (this.#unsavedSinceMs === null) return;
    await keep(this.#key, this.#workspace.snapshot(), this.revision).catch(() => undefined);
    // A save may have come first.
    if (this.#unsavedSinceMs === null) await forget(this.#key);
  }

  /** Take up what an earlier page kept. */
  async resume(kept: Kept): Promise<void> {
    if (kept.base !== this.revision) {
      const newest = { number: this.revision, snapshot: this.#base };
      const former = await this.#backend.load(kept.base).catch(() => null);
      this.#base = former?.snapshot ?? { files: new Map(), setup: newSetup(kept.setup.runtime) };
      this.#workspace.show(toSnapshot(kept), this.#base);
      this.#meet(newest);
    } else {
      this.#workspace.show(toSnapshot(kept), this.#base);
    }
    if (this.#isDirty()) this.touch();
  }

  /** Save now. True: the server has all that was on the screen. */
  async flush(): Promise<boolean> {
    clearTimeout(this.#saveTimer);
    for (let round = 0; round < ROUNDS_MAX; round++) {
      if (this.#saving) await this.#saving;
      if (this.state === 'conflict') return false;
      const wanted = this.#workspace.snapshot();
      const change = buildSave(this.#base, wanted);
      if (change === null) {
        await this.#settle();
        return true;
      }
      this.#saving = this.#save(wanted, change).finally(() => (this.#saving = null));
      if (await this.#saving) return true;
      // Laid together with what somebody else saved, it is tried again.
      if (this.state !== 'unsaved') return false;
    }
    this.#schedule(QUIET_MS);
    return false;
  }

  /** Take over what was saved elsewhere. */
  async pull(): Promise<void> {
    if (this.#isClosed || this.#saving) return;
    try {
      if ((await this.#backend.newest()) <= this.revision || this.#saving) return;
      const theirs = await this.#backend.load();
      if (this.#isClosed || this.#saving || theirs.number <= this.revision) return;
      this.#meet(theirs);
      if (this.#isDirty()) this.touch();
      else await this.#settle();
    } catch {
      // It is asked again at the next occasion, and saving tells what is wrong.
    }
  }

  /** End a conflict: `taken` are the paths at which the other's file is wanted. */
  async resolve(taken: Iterable<string>): Promise<void> {
    if (this.conflict === null) return;
    const { theirs } = this.conflict;
    const { merged } = merge(this.#base, this.#workspace.snapshot(), theirs.snapshot);
    this.#adopt(theirs, takeTheirs(merged, theirs.snapshot, taken));
    this.conflict = null;
    this.state = 'unsaved';
    await this.flush();
  }

  /** What a restored revision made: nothing of the screen is wanted any more. */
  async replace(stored: Stored): Promise<void> {
    this.#adopt(stored, stored.snapshot);
    await this.#settle();
    this.onsaved(stored.number);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#saveTimer);
    void this.keep();
  }

  async #save(wanted: Snapshot, change: SaveBody): Promise<boolean> {
    this.state = 'saving';
    try {
      this.revision = await this.#backend.save(this.revision, change);
      this.#base = wanted;
      this.#workspace.markSaved(wanted);
      this.#failures = 0;
      this.problem = null;
      if (this.#isDirty()) {
        this.#unsavedSinceMs = null;
        this.touch();
        this.state = 'unsaved';
      } else await this.#settle();
      this.onsaved(this.revision);
      return true;
    } catch (error) {
      await this.#fail(error);
      return false;
    }
  }

  async #fail(error: unknown): Promise<void> {
    const status = error instanceof Problem ? error.status : 0;
    if (status === 412) {
      try {
        this.state = 'unsaved';
        this.#meet(await this.#backend.load());
      } catch (loading) {
        await this.#fail(loading);
      }
      return;
    }
    this.problem = error;
    if (status !== 0 && status < 500) {
      this.state = 'refused';
      return;
    }
    this.state = 'offline';
    this.#schedule(RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)]!);
  }

  #meet(theirs: Stored): void {
    const mine = this.#workspace.snapshot();
    const { merged, conflicts } = merge(this.#base, mine, theirs.snapshot);
    if (conflicts.length) {
      clearTimeout(this.#saveTimer);
      this.conflict = { theirs, paths: conflicts };
      this.state = 'conflict';
      return;
    }
    this.conflict = null;
    if (this.state === 'conflict') this.state = 'unsaved';
    this.#adopt(theirs, merged);
    this.ontakeover();
  }

  #adopt(theirs: Stored, shown: Snapshot): void {
    this.#base = theirs.snapshot;
    this.revision = theirs.number;
    this.#workspace.show(shown, theirs.snapshot);
  }

  #isDirty(): boolean {
    return !isSameSnapshot(this.#base, this.#workspace.snapshot());
  }

  async #settle(): Promise<void> {
    clearTimeout(this.#saveTimer);
    clearTimeout(this.#keepTimer);
    this.#unsavedSinceMs = null;
    this.state = 'saved';
    this.problem = null;
    await forget(this.#key);
  }

  #schedule(ms: number): void {
    clearTimeout(this.#saveTimer);
    if (!this.#isClosed) this.#saveTimer = setTimeout(() => void this.flush(), ms);
  }
}
