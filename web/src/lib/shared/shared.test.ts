import { strFromU8, unzipSync } from 'fflate';
import { expect, test } from 'vitest';
import type { EntryAnswer, SharedAnswer } from '#lib/api/types.ts';
import { firstFile, packFiles, runBody, textOf } from '#lib/shared/shared.ts';

function file(path: string, content = '', encoding: 'utf-8' | 'base64' = 'utf-8'): EntryAnswer {
  return { path, content, encoding, executable: false, size_bytes: content.length, hash: '' };
}

const FILES = [
  file('a.py'),
  file('main.py', 'print(1)'),
  file('README.md'),
  file('x.bin', '/w==', 'base64'),
];

test('what is shown first', () => {
  expect(firstFile(FILES, 'a.py', 'main.py')?.path).toBe('a.py');
  expect(firstFile(FILES, 'gone.py', 'main.py')?.path).toBe('main.py');
  expect(firstFile(FILES, null, null)?.path).toBe('README.md');
  expect(firstFile([], null, null)).toBeUndefined();
});

test('bytes that are no text have none', () => {
  expect(textOf(FILES[1]!)).toBe('print(1)');
  expect(textOf(FILES[3]!)).toBeNull();
});

test('it runs as its owner set it up, with other input where that is given', () => {
  const shared = {
    revision: {
      files: FILES,
      setup: {
        runtime: 'python',
        entry: null,
        args: ['a'],
        stdin: 'in',
        stdin_encoding: 'utf-8',
        env: { A: 'b' },
      },
    },
  } as unknown as SharedAnswer;
  expect(runBody(shared)).toMatchObject({
    runtime: 'python',
    args: ['a'],
    stdin: 'in',
    env: { A: 'b' },
  });
  expect(runBody(shared).files[3]).toMatchObject({ path: 'x.bin', encoding: 'base64' });
  expect(runBody(shared, 'other')).toMatchObject({ stdin: 'other' });
});

test('the archive has every file as it was', async () => {
  const packed = await packFiles([...FILES, file('dir/é.txt', 'ü')]);
  const files = unzipSync(new Uint8Array(await packed.arrayBuffer()));
  expect(Object.keys(files).sort()).toEqual(['README.md', 'a.py', 'dir/é.txt', 'main.py', 'x.bin']);
  expect(strFromU8(files['dir/é.txt']!)).toBe('ü');
  expect([...files['x.bin']!]).toEqual([0xff]);
});
