import { describe, expect, it } from 'vitest';
import { diff, show } from '#lib/admin/audit/diff.ts';

describe('what was changed', () => {
  it('is named by its place', () => {
    expect(
      diff(
        { limits_max: { wall_seconds: 60, processes: 4 }, project_runs: 'queue' },
        { limits_max: { wall_seconds: 20, processes: 4 }, project_runs: 'queue' },
      ),
    ).toEqual([{ path: 'limits_max.wall_seconds', before: 60, after: 20 }]);
  });

  it('has no other side where something came or went', () => {
    expect(diff(null, { role: 'user' })).toEqual([
      { path: 'role', before: undefined, after: 'user' },
    ]);
    expect(diff({ role: 'user' }, null)).toEqual([
      { path: 'role', before: 'user', after: undefined },
    ]);
  });

  it('tells null from nothing', () => {
    expect(diff({ active_count_max: 4 }, { active_count_max: null })).toEqual([
      { path: 'active_count_max', before: 4, after: null },
    ]);
  });

  it('counts into lists', () => {
    expect(diff([{ question: 'A', answer: 'b' }], [{ question: 'A', answer: 'c' }])).toEqual([
      { path: '[0].answer', before: 'b', after: 'c' },
    ]);
    expect(diff(['user'], ['user', 'admin'])).toEqual([
      { path: '[1]', before: undefined, after: 'admin' },
    ]);
  });

  it('is the whole value where it is no object', () => {
    expect(diff('open', 'closed')).toEqual([{ path: '', before: 'open', after: 'closed' }]);
    expect(diff([], 'x')).toEqual([{ path: '', before: [], after: 'x' }]);
  });

  it('is nothing where both are the same', () => {
    expect(diff({ a: [1] }, { a: [1] })).toEqual([]);
    expect(diff(null, null)).toEqual([]);
  });
});

it('cuts what is long', () => {
  expect(show('x'.repeat(9), 4)).toBe('xxxx…');
  expect(show({ a: 1 })).toBe('{"a":1}');
});
