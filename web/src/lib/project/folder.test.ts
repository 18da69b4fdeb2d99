import { expect, test } from 'vitest';
import { toBytes } from '#lib/encoding.ts';
import { checkFolder, encodeFile, guessRuntime, listFolder } from '#lib/project/folder.ts';

function file(path: string, size = 1): File {
  const made = new File([new Uint8Array(size)], path.split('/').at(-1)!);
  Object.defineProperty(made, 'webkitRelativePath', { value: path });
  return made;
}

const BOUNDS = { fileCount: 2, fileBytes: 100, sourceBytes: 150 };

test('a folder is read without its own name and without what nobody wants', () => {
  const { name, found, left } = listFolder([
    file('shop/main.py'),
    file('shop/lib/a.py'),
    file('shop/.git/config'),
    file('shop/web/node_modules/x/index.js'),
    file('shop/.gitignore'),
  ]);
  expect(name).toBe('shop');
  expect(found.map(({ path }) => path)).toEqual(['main.py', 'lib/a.py', '.gitignore']);
  expect(left).toBe(2);
});

test('too much is said with the numbers', () => {
  const check = (...files: File[]) => checkFolder(listFolder(files).found, BOUNDS);
  expect(check()).toBe('There are no files in this folder.');
  expect(check(file('a/1'), file('a/2'), file('a/3'))).toBe(
    'This folder has 3 files; at most 2 are allowed.',
  );
  expect(check(file('a/1', 101))).toContain('1 has 101 bytes; at most 100 bytes');
  expect(check(file('a/1', 90), file('a/2', 90))).toContain('180 bytes together');
  expect(check(file('a/1', 90))).toBeNull();
});

test.each([[[0x61, 0xc3, 0xa9]], [[0xff, 0x00, 0x80]], [[0xef, 0xbb, 0xbf, 0x61]], [[]]])(
  'bytes %j come back as they were',
  (bytes) => {
    const { content, encoding } = encodeFile('x', new Uint8Array(bytes));
    expect([...toBytes(content, encoding!)]).toEqual(bytes);
  },
);

test('the runtime is guessed from entries, then from endings', () => {
  const runtimes = [
    { id: 'python', entry: 'main.py', extensions: ['.py'] },
    { id: 'java', entry: 'Main.java', extensions: ['.java'] },
  ];
  expect(guessRuntime(['Main.java', 'a.py', 'b.py'], runtimes)?.id).toBe('java');
  expect(guessRuntime(['a.py', 'README.md'], runtimes)?.id).toBe('python');
  expect(guessRuntime(['README.md'], runtimes)).toBeUndefined();
});
