import { expect, test } from 'vitest';
import { fromBase64, fromBytes, fromText, isSame, textOf, toBody } from '#lib/project/content.ts';
import { buildSave, merge, newSetup, type Snapshot, takeTheirs } from '#lib/project/snapshot.ts';

const state = (files: Record<string, string>, runtime = 'python'): Snapshot => ({
  files: new Map(Object.entries(files).map(([path, text]) => [path, fromText(text)])),
  setup: newSetup(runtime),
});
const show = ({ files }: Snapshot) =>
  Object.fromEntries([...files].map(([path, content]) => [path, textOf(content)]));

test('ends of lines stay as they were', () => {
  expect(textOf(fromText('a\r\nb\r\n'))).toBe('a\r\nb\r\n');
  expect(textOf(fromText('a\nb'))).toBe('a\nb');
  expect(isSame(fromText('a\nb'), fromText('a\r\nb'))).toBe(false);
});

test('bytes that are no text are carried as they are', () => {
  expect(fromBytes(new Uint8Array([0xff, 0xfe]))).toEqual(fromBase64('//4='));
  expect(fromBytes(new Uint8Array([65, 0, 66])).doc).toBeNull();
  expect(textOf(fromBytes(new TextEncoder().encode('é\n')))).toBe('é\n');
  expect(toBody('x', fromBase64('//4='))).toEqual({
    path: 'x',
    content: '//4=',
    encoding: 'base64',
  });
});

test('only what differs is saved', () => {
  const former = state({ 'a.py': '1', 'b.py': '2' });
  expect(buildSave(former, state({ 'a.py': '1', 'b.py': '2' }))).toBeNull();
  expect(buildSave(former, state({ 'a.py': '1', 'c.py': '3' }))).toEqual({
    put: [{ path: 'c.py', content: '3' }],
    remove: ['b.py'],
  });
  expect(buildSave(former, state({ 'a.py': '1', 'b.py': '2' }, 'pypy3'))?.setup?.runtime).toBe(
    'pypy3',
  );
});

test('what only one of two changed is his', () => {
  const base = state({ both: '0', mine: '0', theirs: '0', gone: '0' });
  const { merged, conflicts } = merge(
    base,
    state({ both: '0', mine: '1', theirs: '0', gone: '0', new: 'm' }),
    state({ both: '0', mine: '0', theirs: '2', other: 't' }, 'pypy3'),
  );
  expect(conflicts).toEqual([]);
  expect(show(merged)).toEqual({ both: '0', mine: '1', theirs: '2', new: 'm', other: 't' });
  expect(merged.setup.runtime).toBe('pypy3');
});

test('what both changed alike is no conflict, and differently is one', () => {
  const base = state({ a: '0', b: '0', c: '0' });
  const theirs = state({ a: '1', b: '2' });
  const { merged, conflicts } = merge(base, state({ a: '1', b: '1', c: '1' }), theirs);
  expect(conflicts).toEqual(['b', 'c']);
  expect(show(merged)).toEqual({ a: '1', b: '1', c: '1' });
  expect(show(takeTheirs(merged, theirs, ['c']))).toEqual({ a: '1', b: '1' });
  expect(show(takeTheirs(merged, theirs, conflicts))).toEqual({ a: '1', b: '2' });
});
