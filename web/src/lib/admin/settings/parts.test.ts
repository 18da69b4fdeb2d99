import { expect, test } from 'vitest';
import { readMeasure } from '#lib/admin/settings/parts.ts';

test.each([
  ['oldest_seconds', 65, ['Oldest', '1 min 5 s']],
  ['difference_seconds', -2, ['Difference', '−2 s']],
  ['free_bytes', 2 ** 31, ['Free', '2 GiB']],
  ['length', 1200, ['Length', '1,200']],
  ['version', '0.1.0', ['Version', '0.1.0']],
])('%s %j is read as %j', (name, value, shown) => {
  expect(readMeasure(name, value)).toEqual(shown);
});
