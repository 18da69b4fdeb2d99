import { describe, expect, test } from 'vitest';
import type { ExecutionAnswer, StepAnswer } from '#lib/api/types.ts';
import { describeEnd, describeUsage, readStreams, strip } from '#lib/snippet/output.ts';

const LIMITS = {
  wall_seconds: 10,
  cpu_seconds: 5,
  memory_bytes: 256 * 1024 * 1024,
  processes: 32,
  output_bytes: 1024 * 1024,
  disk_bytes: 1024,
};

function step(given: Partial<StepAnswer>): StepAnswer {
  return {
    kind: 'run',
    name: 'run',
    outcome: 'succeeded',
    exit_code: 0,
    signal: null,
    limit_hit: null,
    passed: null,
    cached: false,
    message: null,
    usage: {
      wall_seconds: 0.012,
      cpu_seconds: 0.01,
      memory_peak_bytes: 8 * 1024 * 1024,
      stdout_bytes: 0,
      stderr_bytes: 0,
    },
    stdout: '',
    stdout_encoding: 'utf-8',
    stdout_truncated: false,
    stderr: '',
    stderr_encoding: 'utf-8',
    stderr_truncated: false,
    ...given,
  };
}

function execution(...steps: StepAnswer[]): ExecutionAnswer {
  return {
    steps,
    limits: LIMITS,
    compile_limits: { ...LIMITS, wall_seconds: 30 },
  } as ExecutionAnswer;
}

test('what only a terminal obeys is left out', () => {
  expect(strip('\x1b[31mred\x1b[0m \x1b]0;title\x07x\x1b(By\r\nz\x00\x07')).toBe('red xy\nz');
  expect(strip('a\u202eb')).toBe('ab');
  expect(strip('tab\there')).toBe('tab\there');
});

test('an endless sequence takes no time', () => {
  const began = performance.now();
  strip('\x1b[' + '0'.repeat(1_000_000) + '\x1b]' + 'x'.repeat(1_000_000));
  strip('\x1b]'.repeat(500_000));
  expect(performance.now() - began).toBeLessThan(1000);
});

describe('streams', () => {
  test('are told apart, and the compiler is neither', () => {
    const streams = readStreams(
      execution(
        step({ kind: 'compile', stderr: 'warning' }),
        step({ stdout: 'out', stderr: 'err' }),
      ),
    );
    expect(streams.map(({ kind, text }) => [kind, text])).toEqual([
      ['compiler', 'warning'],
      ['stdout', 'out'],
      ['stderr', 'err'],
    ]);
  });

  test('that are not UTF-8 are shown as far as they are', () => {
    const shown = readStreams(
      execution(step({ stdout: btoa('a\xff'), stdout_encoding: 'base64' })),
    );
    expect(shown[0]!.text).toBe('a\ufffd');
  });

  test('that are long say how much is not shown', () => {
    expect(readStreams(execution(step({ stdout: 'x'.repeat(50_010) })))[0]!.hidden).toBe(10);
  });
});

test('the end is told where the outcome does not say it', () => {
  expect(describeEnd(execution(step({ exit_code: 3 })))).toBe('exit code 3');
  expect(describeEnd(execution(step({ exit_code: null, signal: 11 })))).toBe('signal 11');
  expect(describeEnd(execution(step({ limit_hit: 'wall_seconds' })))).toBe('limit 10 s');
  expect(describeEnd(execution(step({ kind: 'compile', limit_hit: 'wall_seconds' })))).toBe(
    'limit 30 s',
  );
  expect(describeEnd(execution(step({ limit_hit: 'output_bytes' })))).toBe('limit 1 MiB of output');
  expect(describeEnd(execution())).toBe('');
});

test('time is that of all that ran, and what was built before did not run', () => {
  const ran = execution(step({ kind: 'compile', cached: true }), step({}));
  expect(describeUsage(ran)).toBe('12 ms · 8 MiB');
});
