import { expect, test } from 'vitest';
import { readTable } from '#lib/execution/table.ts';

test('cells in quotes hold delimiters, quotes and line ends', () => {
  expect(readTable('t.csv', 'name,text\r\n"a, b","say ""x""\nagain"\r\n')).toEqual({
    head: ['name', 'text'],
    rows: [['a, b', 'say "x"\nagain']],
    left: 0,
  });
});

test('long tables are cut, and say by how much', () => {
  const text = `n\n${Array.from({ length: 1000 }, (_, n) => n).join('\n')}`;
  const table = readTable('t.csv', text)!;
  expect([table.rows.length, table.left]).toEqual([200, 800]);
});

test('an array of objects has their keys for columns', () => {
  expect(readTable('t.json', '[{"a":1},{"a":null,"b":[2]}]')).toEqual({
    head: ['a', 'b'],
    rows: [
      ['1', ''],
      ['', '[2]'],
    ],
    left: 0,
  });
});

test.each(['{"a":1}', '[1,2]', '[]', 'no json'])('%s is no table', (text) => {
  expect(readTable('t.json', text)).toBeNull();
});
