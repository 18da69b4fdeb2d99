import { beforeEach, expect, test } from 'vitest';
import { fromText } from '#lib/project/content.ts';
import { newSetup } from '#lib/project/snapshot.ts';
import { Workspace } from '#lib/project/workspace.svelte.ts';

let workspace: Workspace;
beforeEach(() => {
  const files = ['main.py', 'lib/a.py', 'lib/deep/b.py'].map(
    (path) => [path, fromText(path)] as const,
  );
  workspace = new Workspace({
    files: new Map(files),
    setup: { ...newSetup('python'), entry: 'lib/a.py' },
  });
});

test('a folder moves with all that is in it, and the entry with its file', () => {
  const file = workspace.find('lib/a.py')!;
  workspace.move('lib', 'src/lib');
  expect(workspace.paths).toEqual(['main.py', 'src/lib/a.py', 'src/lib/deep/b.py']);
  expect(workspace.setup.entry).toBe('src/lib/a.py');
  expect(workspace.find('src/lib/a.py')).toBe(file);
});

test('a name that only begins alike is not moved', () => {
  workspace.add('library.py');
  workspace.move('lib', 'x');
  expect(workspace.paths).toContain('library.py');
});

test('a folder that was emptied stays', () => {
  workspace.move('lib/deep/b.py', 'b.py');
  expect(workspace.folders).toEqual(['lib/deep']);
});

test('deleting a folder deletes what is in it, and forgets an entry there', () => {
  expect(workspace.count('lib')).toBe(2);
  workspace.remove('lib');
  expect(workspace.paths).toEqual(['main.py']);
  expect(workspace.setup.entry).toBeNull();
});

test('names that are taken are refused, and uploads get others', () => {
  expect(workspace.check('main.py')).toContain('already a file');
  expect(workspace.check('lib')).toContain('already a folder');
  expect(workspace.check('new.py')).toBe('');
  expect(workspace.addUpload('main.py', fromText('')).path).toBe('main-2.py');
});

test('what is shown anew keeps the files that stay', () => {
  const file = workspace.find('main.py')!;
  const files = new Map([
    ['main.py', fromText('changed')],
    ['new.py', fromText('new')],
  ]);
  workspace.show({ files, setup: newSetup('python') }, null);
  expect(workspace.find('main.py')).toBe(file);
  expect(workspace.paths).toEqual(['main.py', 'new.py']);
  expect(file.isDirty).toBe(true);
});
