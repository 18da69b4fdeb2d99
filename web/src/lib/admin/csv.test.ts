import { describe, expect, it } from 'vitest';
import { toCsv } from '#lib/admin/csv.ts';

describe('a list as CSV', () => {
  it('has a line for the head and each row', () => {
    expect(
      toCsv(
        ['id', 'count'],
        [
          ['a', 1],
          ['b', null],
        ],
      ),
    ).toBe('id,count\r\na,1\r\nb,\r\n');
  });

  it('quotes what would end a cell', () => {
    expect(toCsv(['text'], [['say "hi", please'], ['two\nlines']])).toBe(
      'text\r\n"say ""hi"", please"\r\n"two\nlines"\r\n',
    );
  });

  it('does not let a text be a formula', () => {
    expect(toCsv(['entry'], [['=HYPERLINK("http://x")'], ['@SUM(A1)'], ['-1+1']])).toBe(
      'entry\r\n"\'=HYPERLINK(""http://x"")"\r\n\'@SUM(A1)\r\n\'-1+1\r\n',
    );
  });

  it('leaves numbers as they are', () => {
    expect(toCsv(['change'], [[-3]])).toBe('change\r\n-3\r\n');
  });
});
