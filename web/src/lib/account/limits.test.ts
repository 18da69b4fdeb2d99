import { expect, test } from 'vitest';
import { describeLimits, percent, shareOfToday, writeShare } from '#lib/account/limits.ts';

const policy = {
  limits_max: { wall_seconds: 60, memory_bytes: 2 * 1024 ** 3, processes: 512 },
  active_count_max: null,
  executions_per_minute_max: 120,
  cpu_seconds_per_day_max: 7200,
};

test('limits are told in words, with those that are unbounded', () => {
  const rows = describeLimits(policy).flatMap((group) => group.rows);
  expect(rows).toEqual([
    { label: 'Time', value: '1 min' },
    { label: 'Memory', value: '2 GiB' },
    { label: 'Processes', value: '512' },
    { label: 'Runs at once; more of them wait', value: 'no bound' },
    { label: 'Runs in a minute', value: '120' },
  ]);
});

test('what was spent today is told with what is set aside', () => {
  const spent = { cpu_seconds: 90, cpu_seconds_granted: 10, executions: 3 };
  const share = shareOfToday({ policy, spent_today: spent })!;
  expect(writeShare(share)).toBe('1 min 30 s of 2 h used, 10 s set aside for what runs');
  expect(percent(share.used, share.bound!)).toBeCloseTo(1.25);
  expect(shareOfToday({ policy, spent_today: null })).toBeNull();
});

test('without a bound there is nothing to fill', () => {
  const spent = { cpu_seconds: 0, cpu_seconds_granted: 0, executions: 0 };
  const unbounded = { ...policy, cpu_seconds_per_day_max: null };
  const share = shareOfToday({ policy: unbounded, spent_today: spent })!;
  expect(share.bound).toBeNull();
  expect(writeShare(share)).toBe('none used, without a bound');
});

test.each([
  [5, 10, 50],
  [20, 10, 100],
  [-1, 10, 0],
  [0, 0, 100],
])('%d of %d is %d percent', (part, bound, expected) => {
  expect(percent(part, bound)).toBe(expected);
});
