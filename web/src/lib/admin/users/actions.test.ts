import { expect, test } from 'vitest';
import { actionsOf } from '#lib/admin/users/actions.ts';
import type { AccountAnswer, AccountUsageAnswer } from '#lib/api/types.ts';

const ACCOUNT: AccountAnswer = {
  id: '01A',
  name: 'bob',
  email: 'bob@example.org',
  role: 'user',
  suspended: false,
  totp: false,
  created_at: '2026-01-01T00:00:00Z',
};
const USAGE: AccountUsageAnswer = {
  spent_today: { cpu_seconds: 0, cpu_seconds_granted: 0, executions: 0 },
  sessions: 2,
  tokens: 1,
  projects: 3,
  project_bytes: 2048,
  executions: 14,
  unfinished: 0,
};

const find = (account: AccountAnswer, label: string) =>
  actionsOf(account, USAGE, false).find((each) => each.label === label);

test('deleting names what goes, and wants the name', () => {
  const found = find(ACCOUNT, 'Delete');
  expect(found?.consequence).toContain('3 projects (2 KiB), 14 runs and 1 token are deleted');
  expect(found?.typed).toBe('bob');
});

test('what is suspended can be reactivated, and the other way round', () => {
  expect(find(ACCOUNT, 'Suspend')?.consequence).toContain('2 sessions end at once');
  expect(find({ ...ACCOUNT, suspended: true }, 'Suspend')).toBeUndefined();
  expect(find({ ...ACCOUNT, suspended: true }, 'Reactivate')?.request).toEqual({
    method: 'PATCH',
    body: { suspended: false },
  });
});

test('a second factor can be removed where there is one', () => {
  expect(find(ACCOUNT, 'Remove second factor')).toBeUndefined();
  expect(find({ ...ACCOUNT, totp: true }, 'Remove second factor')).toBeDefined();
});

test('there is nothing to end without a session', () => {
  const [, , end] = actionsOf(ACCOUNT, { ...USAGE, sessions: 0 }, false);
  expect(end?.disabled).toBe(true);
});
