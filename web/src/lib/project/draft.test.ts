import { Text } from '@codemirror/state';
import { beforeEach, expect, test, vi } from 'vitest';
import { fromText, textOf } from '#lib/project/content.ts';
import { Draft } from '#lib/project/draft.svelte.ts';
import { newSetup, type Snapshot } from '#lib/project/snapshot.ts';
import { Workspace } from '#lib/project/workspace.svelte.ts';

const kept = new Map<string, unknown>();
vi.mock('idb-keyval', () => ({
  createStore: () => ({}),
  get: async (key: string) => kept.get(key),
  set: async (key: string, value: unknown) => void kept.set(key, value),
  del: async (key: string) => void kept.delete(key),
}));

const state = (text: string): Snapshot => ({
  files: new Map([['main.py', fromText(text)]]),
  setup: newSetup('python'),
});
const example = state('example');

function open() {
  const workspace = new Workspace(example);
  const draft = new Draft(workspace, example, 'draft:python');
  return {
    draft,
    type: (text: string) => workspace.edit(workspace.find('main.py')!, Text.of([text])),
    shown: () => textOf(workspace.find('main.py')!.content),
  };
}

beforeEach(() => kept.clear());

test('what was typed is there again, and the example is not kept', async () => {
  const first = open();
  first.type('mine');
  expect(first.draft.isKept).toBe(false);
  await first.draft.keep();
  expect(first.draft.isKept).toBe(true);
  const again = open();
  await again.draft.load();
  expect(again.shown()).toBe('mine');
  again.type('example');
  await again.draft.keep();
  expect(kept.size).toBe(0);
});

test('another page’s text is not put over what was just typed here', async () => {
  const [one, other] = [open(), open()];
  one.type('one');
  await one.draft.keep();
  other.type('other');
  await other.draft.load();
  expect(other.shown()).toBe('other');
});

test('what was replaced can be brought back, and the replacement again', async () => {
  const { draft, type, shown } = open();
  type('mine');
  await draft.keep();
  await draft.replace(state('handed over'));
  expect([shown(), draft.hasFormer]).toEqual(['handed over', true]);
  await draft.bringBack();
  expect(shown()).toBe('mine');
  await draft.bringBack();
  expect(shown()).toBe('handed over');
});

test('beginning again with the example can be taken back', async () => {
  const { draft, type, shown } = open();
  type('mine');
  await draft.keep();
  await draft.reset();
  expect(shown()).toBe('example');
  await draft.bringBack();
  expect(shown()).toBe('mine');
});
