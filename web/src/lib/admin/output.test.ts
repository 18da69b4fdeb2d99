import { expect, it } from 'vitest';
import { outputOf } from '#lib/admin/output.ts';
import type { StepAnswer } from '#lib/api/types.ts';

it('reads what was printed, with a mark in place of what is no UTF-8', () => {
  const step = {
    stdout: 'héllo',
    stdout_encoding: 'utf-8',
    stderr: btoa('a\xff'),
    stderr_encoding: 'base64',
  } as StepAnswer;
  expect(outputOf(step, 'stdout')).toBe('héllo');
  expect(outputOf(step, 'stderr')).toBe('a\ufffd');
});
