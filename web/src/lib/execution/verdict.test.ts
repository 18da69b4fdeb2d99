import { expect, test } from 'vitest';
import { describeEnding } from '#lib/execution/verdict.ts';

const MIB = 1024 * 1024;
const LIMITS = {
  wall_seconds: 10,
  cpu_seconds: 10,
  memory_bytes: 256 * MIB,
  processes: 64,
  output_bytes: MIB,
  disk_bytes: 64 * MIB,
};
const USAGE = {
  wall_seconds: 10.01,
  cpu_seconds: 1,
  memory_peak_bytes: 1,
  stdout_bytes: 0,
  stderr_bytes: 0,
};

function describe(outcome: string, step: object = {}, more: object = {}) {
  const steps = [
    { kind: 'run', outcome, exit_code: null, signal: null, limit_hit: null, usage: USAGE, ...step },
  ];
  return describeEnding({
    id: '01M',
    state: 'finished',
    outcome,
    message: null,
    limits: LIMITS,
    compile_limits: { ...LIMITS, wall_seconds: 30 },
    execution_wall_seconds: 60,
    tests: null,
    steps,
    ...more,
  } as never);
}

test.each<[string, object, string]>([
  ['succeeded', { exit_code: 0 }, 'Exit 0'],
  ['failed', { exit_code: 3 }, 'Exit 3'],
  ['signalled', { signal: 11 }, 'SIGSEGV'],
  ['compile_failed', { kind: 'compile', exit_code: 1 }, 'Did not compile'],
  ['time_limit_exceeded', { limit_hit: 'wall_seconds' }, 'Stopped at the 10 s limit'],
  ['time_limit_exceeded', { limit_hit: 'cpu_seconds' }, 'Stopped after 10 s of CPU time'],
  ['memory_limit_exceeded', { limit_hit: 'memory_bytes' }, 'Out of memory (256 MiB)'],
  ['output_limit_exceeded', { limit_hit: 'output_bytes' }, 'Output cut at 1 MiB'],
  ['cancelled', {}, 'Stopped by you'],
])('%s', (outcome, step, label) => {
  expect(describe(outcome, step).label).toBe(label);
});

test('what did not compile was not run', () => {
  expect(describe('compile_failed', { kind: 'compile' }).advice).toBe('The program was not run.');
});

test('a step that was cut short by the bound of all of them names that', () => {
  const usage = { ...USAGE, wall_seconds: 4 };
  const ending = describe('time_limit_exceeded', { limit_hit: 'wall_seconds', usage });
  expect(ending.label).toBe('Stopped at 1 min for all steps');
});

test('what else went wrong is told behind the outcome', () => {
  const message =
    'The program succeeded. Its artifacts were not collected: 9 files; at most 8 are allowed.';
  expect(describe('succeeded', {}, { message }).advice).toBe(
    'Its artifacts were not collected: 9 files; at most 8 are allowed.',
  );
});

test('tests are counted', () => {
  const tests = { total: 3, passed: 2 };
  expect(describe('failed', { kind: 'test', exit_code: 0 }, { tests }).label).toBe(
    '2 of 3 tests passed',
  );
});
