import { expect, test } from 'vitest';
import type { ProjectAnswer } from '#lib/api/types.ts';
import { describeLoss, describeThrowingAway, matches } from '#lib/project/list.ts';

const project = {
  name: 'Prime numbers',
  description: 'A sieve',
  runtime: 'python',
  visibility: 'public',
  tags: ['maths'],
  file_count: 2,
  size_bytes: 2048,
  star_count: 3,
} as ProjectAnswer;

test.each([
  ['', true],
  ['PRIME', true],
  ['maths python', true],
  ['sieve  ', true],
  ['prime java', false],
])('“%s” finds it: %s', (query, expected) => {
  expect(matches(project, query)).toBe(expected);
});

test('what is lost is told with numbers', () => {
  expect(describeLoss(project)).toContain('2 files (2 KiB)');
  expect(describeThrowingAway(project)).toContain('3 stars');
  expect(describeThrowingAway({ ...project, visibility: 'private' })).not.toContain('shared');
});
