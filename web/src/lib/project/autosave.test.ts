import { Text } from '@codemirror/state';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Problem } from '#lib/api/problem.ts';
import { Autosave, type Backend, QUIET_MS, UNSAVED_MS_MAX } from '#lib/project/autosave.svelte.ts';
import { fromText, textOf } from '#lib/project/content.ts';
import { buildSave, newSetup, type Snapshot } from '#lib/project/snapshot.ts';
import { Workspace } from '#lib/project/workspace.svelte.ts';

const kept = new Map<string, unknown>();
vi.mock('idb-keyval', () => ({
  createStore: () => ({}),
  get: async (key: string) => kept.get(key),
  set: async (key: string, value: unknown) => void kept.set(key, value),
  del: async (key: string) => void kept.delete(key),
  entries: async () => [...kept],
}));

const state = (files: Record<string, string>): Snapshot => ({
  files: new Map(Object.entries(files).map(([path, text]) => [path, fromText(text)])),
  setup: newSetup('python'),
});

/** A server that keeps revisions as the real one does. */
class Server implements Backend {
  revisions: Snapshot[];
  refusal: Problem | null = null;
  saves = 0;
  constructor(first: Snapshot) {
    this.revisions = [first];
  }
  async newest() {
    return this.revisions.length;
  }
  async load(number = this.revisions.length) {
    const snapshot = this.revisions[number - 1];
    if (!snapshot) throw new Problem(404, {});
    return { number, snapshot };
  }
  async save(base: number, change: NonNullable<ReturnType<typeof buildSave>>) {
    this.saves++;
    if (this.refusal) throw this.refusal;
    if (base !== this.revisions.length) throw new Problem(412, {});
    const files = new Map(this.revisions.at(-1)!.files);
    for (const path of change.remove ?? []) files.delete(path);
    for (const file of change.put ?? []) files.set(file.path, fromText(file.content));
    this.revisions.push({ files, setup: this.revisions.at(-1)!.setup });
    return this.revisions.length;
  }
  text(path: string) {
    return textOf(this.revisions.at(-1)!.files.get(path)!);
  }
}

function open(server: Server) {
  const stored = { number: server.revisions.length, snapshot: server.revisions.at(-1)! };
  const workspace = new Workspace(stored.snapshot);
  const autosave = new Autosave(workspace, server, stored, 'project:1:page');
  const type = (path: string, text: string) =>
    workspace.edit(workspace.find(path)!, Text.of(text.split('\n')));
  const shown = (path: string) => textOf(workspace.find(path)!.content);
  return { workspace, autosave, type, shown };
}

let server: Server;
beforeEach(() => {
  vi.useFakeTimers();
  kept.clear();
  server = new Server(state({ 'a.py': '0', 'b.py': '0' }));
});
afterEach(() => vi.useRealTimers());

test('a pause in typing saves once, and each key is kept in the browser before', async () => {
  const { autosave, type, workspace } = open(server);
  type('a.py', '1');
  type('a.py', '12');
  expect(autosave.state).toBe('unsaved');
  expect(workspace.find('a.py')!.isDirty).toBe(true);
  await vi.advanceTimersByTimeAsync(QUIET_MS / 2);
  expect(kept.size).toBe(1);
  expect(server.saves).toBe(0);
  await vi.advanceTimersByTimeAsync(QUIET_MS);
  expect(server.saves).toBe(1);
  expect(server.text('a.py')).toBe('12');
  expect(autosave).toMatchObject({ state: 'saved', revision: 2 });
  expect(workspace.find('a.py')!.isDirty).toBe(false);
  expect(kept.size).toBe(0);
});

test('who types without a pause is saved all the same', async () => {
  const { type } = open(server);
  const STEP_MS = 1000;
  for (let at = 0; at <= UNSAVED_MS_MAX; at += STEP_MS) {
    type('a.py', `text ${at}`);
    await vi.advanceTimersByTimeAsync(STEP_MS);
  }
  expect(server.saves).toBeGreaterThan(0);
});

test('what leads back to the saved text makes no revision', async () => {
  const { autosave, type } = open(server);
  type('a.py', '1');
  type('a.py', '0');
  expect(await autosave.flush()).toBe(true);
  expect(server.saves).toBe(0);
  expect(autosave.state).toBe('saved');
});

test('without a connection it is kept here and sent when there is one', async () => {
  const { autosave, type } = open(server);
  server.refusal = new Problem(0, { code: 'unreachable' });
  type('a.py', '1');
  expect(await autosave.flush()).toBe(false);
  expect(autosave.state).toBe('offline');
  await autosave.keep();
  expect(kept.size).toBe(1);
  server.refusal = null;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(autosave.state).toBe('saved');
  expect(server.text('a.py')).toBe('1');
});

test('what the server refuses is not tried again until it is changed', async () => {
  const { autosave, type } = open(server);
  server.refusal = new Problem(413, { code: 'too_large' });
  type('a.py', '1');
  await autosave.flush();
  expect(autosave.state).toBe('refused');
  await vi.advanceTimersByTimeAsync(120_000);
  expect(server.saves).toBe(1);
  server.refusal = null;
  type('a.py', '2');
  await vi.advanceTimersByTimeAsync(QUIET_MS);
  expect(autosave).toMatchObject({ state: 'saved', problem: null });
});

test('changes of another page to other files are laid together', async () => {
  const [one, other] = [open(server), open(server)];
  one.type('a.py', 'one');
  expect(await one.autosave.flush()).toBe(true);
  other.type('b.py', 'other');
  expect(await other.autosave.flush()).toBe(true);
  expect([server.text('a.py'), server.text('b.py')]).toEqual(['one', 'other']);
  expect(other.shown('a.py')).toBe('one');
  await one.autosave.pull();
  expect(one.shown('b.py')).toBe('other');
  expect(one.autosave).toMatchObject({ state: 'saved', revision: 3 });
});

test.each([
  ['keep mine', [], 'other'],
  ['take theirs', ['a.py'], 'one'],
])('a file that both changed asks: %s', async (_, taken, expected) => {
  const [one, other] = [open(server), open(server)];
  one.type('a.py', 'one');
  await one.autosave.flush();
  other.type('a.py', 'other');
  other.type('b.py', 'mine only');
  expect(await other.autosave.flush()).toBe(false);
  expect(other.autosave.state).toBe('conflict');
  expect(other.autosave.conflict?.paths).toEqual(['a.py']);
  expect(server.text('a.py')).toBe('one');
  await other.autosave.resolve(taken);
  expect(other.autosave).toMatchObject({ state: 'saved', conflict: null });
  expect([server.text('a.py'), server.text('b.py')]).toEqual([expected, 'mine only']);
});

test('what a closed page kept is taken up, on top of what was saved since', async () => {
  const closed = open(server);
  closed.type('a.py', 'kept');
  await closed.autosave.keep();
  const [copy] = kept.values();
  const meanwhile = open(server);
  meanwhile.type('b.py', 'newer');
  await meanwhile.autosave.flush();
  const again = open(server);
  await again.autosave.resume(copy as Parameters<Autosave['resume']>[0]);
  expect([again.shown('a.py'), again.shown('b.py')]).toEqual(['kept', 'newer']);
  expect(await again.autosave.flush()).toBe(true);
  expect(server.text('a.py')).toBe('kept');
});

test('text that is typed while a save is on its way is saved behind it', async () => {
  const { autosave, type } = open(server);
  type('a.py', '1');
  const first = autosave.flush();
  type('a.py', '2');
  await first;
  expect(autosave.state).toBe('unsaved');
  await vi.advanceTimersByTimeAsync(QUIET_MS);
  expect(server.text('a.py')).toBe('2');
});
