/** What an account may have, in words and numbers; `GET /limits` tells it. */
import { formatBytes, formatCount, formatSeconds } from '#lib/format.ts';
import type { OwnLimitsAnswer } from '#lib/api/types.ts';

type Unit = 'seconds' | 'bytes' | 'count';

export interface LimitRow {
  label: string;
  value: string;
}

export interface LimitGroup {
  title: string;
  rows: LimitRow[];
}

/** How much of something was used today, where there is a bound of it. */
export interface Share {
  label: string;
  used: number;
  /** Set aside for what waits or runs. */
  granted: number;
  bound: number | null;
}

const GROUPS: readonly [string, readonly [string, string, Unit][]][] = [
  [
    'Each program, at most',
    [
      ['limits_max.wall_seconds', 'Time', 'seconds'],
      ['limits_max.cpu_seconds', 'CPU time', 'seconds'],
      ['limits_max.memory_bytes', 'Memory', 'bytes'],
      ['limits_max.processes', 'Processes', 'count'],
      ['limits_max.output_bytes', 'Output, and errors as much again', 'bytes'],
      ['limits_max.disk_bytes', 'Files, in /work and in /tmp', 'bytes'],
    ],
  ],
  [
    'Each run, at most',
    [
      ['execution_wall_seconds_max', 'Time with compiling and all tests', 'seconds'],
      ['file_count_max', 'Files', 'count'],
      ['file_bytes_max', 'One file', 'bytes'],
      ['source_bytes_max', 'All files together', 'bytes'],
      ['stdin_bytes_max', 'Input', 'bytes'],
      ['test_count_max', 'Tests', 'count'],
      ['artifact_count_max', 'Artifacts kept', 'count'],
      ['artifact_bytes_max', 'All artifacts together', 'bytes'],
    ],
  ],
  [
    'Altogether',
    [
      ['active_count_max', 'Runs at once; more of them wait', 'count'],
      ['executions_per_minute_max', 'Runs in a minute', 'count'],
      ['project_count_max', 'Projects', 'count'],
      ['revision_count_max', 'Revisions kept of a project', 'count'],
      ['project_bytes_max', 'All projects together', 'bytes'],
    ],
  ],
];

export function describeLimits(policy: OwnLimitsAnswer['policy']): LimitGroup[] {
  return GROUPS.map(([title, rows]) => ({
    title,
    rows: rows
      .map(([path, label, unit]) => ({ label, value: find(policy, path), unit }))
      .filter((row) => row.value !== undefined)
      .map(({ label, value, unit }) => ({ label, value: write(value, unit) })),
  }));
}

export function shareOfToday({ policy, spent_today }: OwnLimitsAnswer): Share | null {
  if (spent_today === null) return null;
  const bound = find(policy, 'cpu_seconds_per_day_max');
  return {
    label: 'CPU time',
    used: spent_today.cpu_seconds,
    granted: spent_today.cpu_seconds_granted,
    bound: typeof bound === 'number' ? bound : null,
  };
}

/** 0 to 100, and never beyond. */
export function percent(part: number, bound: number): number {
  if (bound <= 0) return 100;
  return Math.max(0, Math.min(100, (part / bound) * 100));
}

function find(policy: OwnLimitsAnswer['policy'], path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (found, name) => (found as Record<string, unknown> | undefined)?.[name],
      policy,
    );
}

function write(value: unknown, unit: Unit): string {
  if (typeof value !== 'number') return 'no bound';
  if (unit === 'seconds') return formatSeconds(value);
  return unit === 'bytes' ? formatBytes(value) : value.toLocaleString('en');
}

export function writeShare({ used, granted, bound }: Share): string {
  const reserved = granted > 0 ? `, ${formatSeconds(granted)} set aside for what runs` : '';
  const whole = bound === null ? ' used, without a bound' : ` of ${formatSeconds(bound)} used`;
  return `${used === 0 ? 'none' : formatSeconds(used)}${whole}${reserved}`;
}

export function writeRuns(count: number): string {
  return formatCount(count, 'run');
}
