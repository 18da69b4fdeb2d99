/** A whole state of somebody's code, how it differs from another one, and how two are made one. */
import type { RevisionAnswer, SaveBody, SetupAnswer } from '#lib/api/types.ts';
import { type Content, fromBody, isSame, toBody } from '#lib/project/content.ts';

export type Setup = Omit<SetupAnswer, 'stdin_encoding'> & { stdin_encoding: 'utf-8' | 'base64' };

export interface Snapshot {
  readonly files: ReadonlyMap<string, Content>;
  readonly setup: Setup;
}

export function newSetup(runtime: string): Setup {
  return { runtime, entry: null, args: [], stdin: '', stdin_encoding: 'utf-8', env: {} };
}

export function fromRevision(revision: RevisionAnswer): Snapshot {
  const files = new Map(revision.files.map((file) => [file.path, fromBody(file)]));
  return { files, setup: revision.setup };
}

export function isSameSetup(one: Setup, other: Setup): boolean {
  const flat = (setup: Setup) =>
    JSON.stringify([
      setup.runtime,
      setup.entry,
      setup.args,
      setup.stdin,
      setup.stdin_encoding,
      Object.entries(setup.env).sort(),
    ]);
  return one === other || flat(one) === flat(other);
}

export function isSameSnapshot(one: Snapshot, other: Snapshot): boolean {
  return isSameSetup(one.setup, other.setup) && listChanged(one, other).length === 0;
}

/** The paths at which two states differ. */
export function listChanged(one: Snapshot, other: Snapshot): string[] {
  const paths = new Set([...one.files.keys(), ...other.files.keys()]);
  return [...paths].filter((path) => !isSameAt(path, one, other)).sort();
}

/** What to ask the server for so that `former` becomes `wanted`; null where nothing differs. */
export function buildSave(former: Snapshot, wanted: Snapshot): SaveBody | null {
  const put = [];
  const remove = [];
  for (const path of listChanged(former, wanted)) {
    const content = wanted.files.get(path);
    if (content) put.push(toBody(path, content));
    else remove.push(path);
  }
  const changesSetup = !isSameSetup(former.setup, wanted.setup);
  if (!put.length && !remove.length && !changesSetup) return null;
  return { put, remove, ...(changesSetup && { setup: wanted.setup }) };
}

/** Somebody else's state laid over one's own: what only one of them changed is taken from him. */
export interface Merge {
  merged: Snapshot;
  /** Paths that both changed, differently; `merged` has one's own there. */
  conflicts: string[];
}

export function merge(base: Snapshot, mine: Snapshot, theirs: Snapshot): Merge {
  const files = new Map<string, Content>();
  const conflicts: string[] = [];
  const paths = new Set([...mine.files.keys(), ...theirs.files.keys()]);
  for (const path of [...paths].sort()) {
    const isMineChanged = !isSameAt(path, base, mine);
    const isTheirsChanged = !isSameAt(path, base, theirs);
    if (isMineChanged && isTheirsChanged && !isSameAt(path, mine, theirs)) conflicts.push(path);
    const chosen = (isMineChanged ? mine : theirs).files.get(path);
    if (chosen) files.set(path, chosen);
  }
  const setup = isSameSetup(base.setup, mine.setup) ? theirs.setup : mine.setup;
  return { merged: { files, setup }, conflicts };
}

/** `merged` with the other's files at the `paths` that were decided for him. */
export function takeTheirs(merged: Snapshot, theirs: Snapshot, paths: Iterable<string>): Snapshot {
  const files = new Map(merged.files);
  for (const path of paths) {
    const content = theirs.files.get(path);
    if (content) files.set(path, content);
    else files.delete(path);
  }
  return { files, setup: merged.setup };
}

function isSameAt(path: string, one: Snapshot, other: Snapshot): boolean {
  const left = one.files.get(path);
  const right = other.files.get(path);
  return left === right || (left !== undefined && right !== undefined && isSame(left, right));
}
