import { expect, test } from 'vitest';
import { describeSize, keptPath } from '#lib/project/kept-data.ts';

const file = (path: string, size_bytes: number) => ({ path, size_bytes, executable: false });

test('the files together are measured against what is allowed', () => {
  const items = [file('count', 3), file('logs/today.txt', 1021)];

  expect(describeSize({ items, size_bytes_max: 16 * 1024 * 1024 })).toBe(
    '2 files, 1 KiB of 16 MiB',
  );
  expect(describeSize({ items: [], size_bytes_max: 1024 })).toBe('0 files, 0 bytes of 1 KiB');
});

test('what stands in a name does not lead elsewhere', () => {
  expect(keptPath('P', 'a b/c?d#e')).toBe('/projects/P/data/a%20b/c%3Fd%23e');
});
