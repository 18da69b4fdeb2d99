/** Code without a project: it lives in this browser, one draft for each runtime, the same in all pages. */
import { forget, keep, recall, toSnapshot } from '#lib/project/drafts.ts';
import { isSameSnapshot, type Snapshot } from '#lib/project/snapshot.ts';
import type { Workspace } from '#lib/project/workspace.svelte.ts';

const KEEP_MS = 300;

export class Draft {
  /** Whether all that was typed is kept. */
  isKept = $state(true);
  /** Whether there is a draft that another one was put in place of. */
  hasFormer = $state(false);
  readonly key: string;
  readonly #workspace: Workspace;
  readonly #example: Snapshot;
  readonly #channel: BroadcastChannel | null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(workspace: Workspace, example: Snapshot, key: string) {
    this.key = key;
    this.#workspace = workspace;
    this.#example = example;
    this.#channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(key);
    if (this.#channel) this.#channel.onmessage = () => void this.load();
    workspace.onchange = () => this.touch();
  }

  touch(): void {
    this.isKept = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.keep(), KEEP_MS);
  }

  async keep(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.isKept) return;
    const shown = this.#workspace.snapshot();
    if (isSameSnapshot(shown, this.#example)) await forget(this.key);
    // Where storage is off the text stays on the screen, and the state says that it is not kept.
    else if (!(await isDone(keep(this.key, shown)))) return;
    this.isKept = isSameSnapshot(shown, this.#workspace.snapshot());
    this.#channel?.postMessage(null);
  }

  /** Show what is kept; another page may have changed it. */
  async load(): Promise<void> {
    const kept = await recall(this.key);
    this.hasFormer = (await recall(this.#formerKey)) !== null;
    // What was typed here since is newer.
    if (!this.isKept) return;
    this.#workspace.show(kept ? toSnapshot(kept) : this.#example, this.#example);
  }

  /** Show other code in its place; what was there can be brought back. */
  async replace(shown: Snapshot): Promise<void> {
    const former = await recall(this.key);
    if (former) await keep(this.#formerKey, toSnapshot(former));
    this.hasFormer ||= former !== null;
    this.#workspace.show(shown, this.#example);
    this.isKept = false;
    await this.keep();
  }

  /** Change places with the one that was there before. */
  async bringBack(): Promise<void> {
    const former = await recall(this.#formerKey);
    if (former) await this.replace(toSnapshot(former));
  }

  /** Begin again with the example. */
  async reset(): Promise<void> {
    await this.replace(this.#example);
  }

  /** Its code has become a project. */
  async drop(): Promise<void> {
    clearTimeout(this.#timer);
    this.isKept = true;
    await forget(this.key);
  }

  get #formerKey(): string {
    return `${this.key}:former`;
  }

  async close(): Promise<void> {
    await this.keep();
    this.#channel?.close();
  }
}

async function isDone(promise: Promise<void>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}
