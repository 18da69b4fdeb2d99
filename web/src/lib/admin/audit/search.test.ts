import { expect, test } from 'vitest';
import { CSV_HEAD, toCsvRow, toQuery } from '#lib/admin/audit/search.ts';
import { toCsv } from '#lib/admin/csv.ts';

test('times of the address are those of the wall', () => {
  const filters = { actor: '', action: 'policy', query: '', since: '2026-01-31T12:00', until: 'x' };
  expect(toQuery(filters)).toEqual({
    actor: null,
    action: 'policy',
    query: null,
    since: new Date('2026-01-31T12:00').toISOString(),
    until: null,
  });
});

test('a target cannot be a formula of whoever opens the file', () => {
  const entry = {
    id: '01',
    at: '2026-01-01T00:00:00Z',
    actor: { account_id: null, name: 'server', address: '' },
    action: 'account.delete',
    target: '=HYPERLINK("http://evil.example")',
    before: { a: 1 },
    after: null,
    request_id: '-',
  };
  const [head, row] = toCsv(CSV_HEAD, [toCsvRow(entry)]).split('\r\n');
  expect(head).toBe(CSV_HEAD.join(','));
  expect(row).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
  expect(row).toContain('"{""a"":1}",,\'-,01');
});
