// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest';
import { forgetRun, recallRun, rememberRun } from '#lib/execution/remembered.ts';

beforeEach(() => localStorage.clear());

test('the last run of a place is found again', () => {
  rememberRun('project', '01A');
  rememberRun('draft:python', '01B');
  rememberRun('project', '01C');

  expect(recallRun('project')).toBe('01C');
  forgetRun('project');
  expect([recallRun('project'), recallRun('draft:python')]).toEqual([null, '01B']);
});

test('old places go', () => {
  for (let number = 0; number < 60; number++) rememberRun(`place ${number}`, '01A');
  expect([recallRun('place 0'), recallRun('place 59')]).toEqual([null, '01A']);
});

test.each(['no json', '{}', '[1, ["a"], ["a", 1]]'])('%s in the storage is no run', (kept) => {
  localStorage.setItem('runyard.runs', kept);
  expect(recallRun('a')).toBeNull();
});
