// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest';
import { keepDraft, readDraft } from '#lib/landing/draft.ts';
import { handOver } from '#lib/landing/handover.ts';

beforeEach(() => sessionStorage.clear());

test('what was typed is there again', () => {
  keepDraft({ runtime: 'go', texts: { go: 'package main' } });
  expect(readDraft()).toEqual({ runtime: 'go', texts: { go: 'package main' } });
});

test.each(['', 'null', '[]', '{', '{"runtime":1,"texts":{}}', '{"runtime":"a","texts":{"a":1}}'])(
  'what is kept as %j is no draft',
  (kept) => {
    sessionStorage.setItem('runyard.landing', kept);
    expect(readDraft()).toEqual({ runtime: '', texts: {} });
  },
);

test('the workbench finds the files where it looks for them', () => {
  const handover = { runtime: 'python', files: [{ path: 'main.py', content: 'print(1)' }] };
  handOver(handover);
  expect(JSON.parse(sessionStorage.getItem('runyard.handover')!)).toEqual(handover);
});
