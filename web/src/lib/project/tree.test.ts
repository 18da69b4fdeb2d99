import { expect, test } from 'vitest';
import { checkFree, checkPath, freePath } from '#lib/project/paths.ts';
import { layOut, listFolders } from '#lib/project/tree.ts';

const show = (rows: ReturnType<typeof layOut>) =>
  rows.map(({ path, level, position, siblings }) => `${path} ${level} ${position}/${siblings}`);

test('folders stand before files, in the order people count in', () => {
  const rows = layOut(['b.py', 'a10.py', 'a2.py', 'lib/x.py'], ['empty'], new Set());
  expect(show(rows)).toEqual([
    'empty 1 1/5',
    'lib 1 2/5',
    'lib/x.py 2 1/1',
    'a2.py 1 3/5',
    'a10.py 1 4/5',
    'b.py 1 5/5',
  ]);
});

test('what is in a closed folder is left out, whatever is open in it', () => {
  const rows = layOut(['a/b/c.py', 'a/d.py', 'e.py'], [], new Set(['a']));
  expect(show(rows)).toEqual(['a 1 1/2', 'e.py 1 2/2']);
  expect(rows[0]).toMatchObject({ isFolder: true, isOpen: false });
});

test('folders are those that hold files and those that were made', () => {
  expect(listFolders(['a/b/c.py', 'd.py'], ['e/f'])).toEqual(['a', 'a/b', 'e', 'e/f']);
});

test.each([
  ['', 'Give a name'],
  ['/etc/passwd', 'begins with'],
  ['a/../b', '“..” cannot'],
  ['a//b', 'empty part'],
  ['tab\there', 'control character'],
  ['é'.repeat(101), '202 bytes'],
  ['lib/main.py', ''],
])('%s is refused as the server would', (path, wrong) => {
  if (wrong) expect(checkPath(path)).toContain(wrong);
  else expect(checkPath(path)).toBe('');
});

test('a name is free if neither a file nor a folder has it', () => {
  const taken = ['main.py', 'lib/x.py'];
  expect(checkFree('main.py', taken)).toContain('already a file');
  expect(checkFree('lib', taken)).toContain('already a folder');
  expect(checkFree('main.py/x', taken)).toContain('is a file');
  expect(checkFree('lib/y.py', taken)).toBe('');
  expect(freePath('main.py', taken)).toBe('main-2.py');
  expect(freePath('lib/x.py', [...taken, 'lib/x-2.py'])).toBe('lib/x-3.py');
});
