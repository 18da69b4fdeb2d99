import { describe, expect, it } from 'vitest';
import { nextSort, parseSort, sortBy } from '#lib/admin/sorting.ts';

interface Row {
  name: string;
  count: number | null;
}

const ROWS: Row[] = [
  { name: 'python3.13', count: 2 },
  { name: 'Awk', count: null },
  { name: 'python3.2', count: 10 },
];
const KEYS = { name: (row: Row) => row.name, count: (row: Row) => row.count };
const names = (text: string) => sortBy(ROWS, text, KEYS).map((row) => row.name);

describe('the order of a list', () => {
  it('reads a column and its direction', () => {
    expect(parseSort('-count')).toEqual({ column: 'count', descending: true });
    expect(parseSort('name')).toEqual({ column: 'name', descending: false });
  });

  it('turns round with each press', () => {
    expect(nextSort('', 'name')).toBe('name');
    expect(nextSort('name', 'name')).toBe('-name');
    expect(nextSort('-name', 'name')).toBe('name');
    expect(nextSort('-name', 'count')).toBe('count');
  });

  it('sorts names as people do', () => {
    expect(names('name')).toEqual(['Awk', 'python3.2', 'python3.13']);
  });

  it('has what is missing last both ways', () => {
    expect(names('count')).toEqual(['python3.13', 'python3.2', 'Awk']);
    expect(names('-count')).toEqual(['python3.2', 'python3.13', 'Awk']);
  });

  it('leaves the order alone for a column there is not', () => {
    expect(names('constructor')).toEqual(ROWS.map((row) => row.name));
  });
});
