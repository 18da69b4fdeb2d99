/** What a program printed, as text that can be shown. */
import { toText } from '#lib/encoding.ts';
import { formatBytes, formatSeconds } from '#lib/format.ts';
import type { ExecutionAnswer, LimitsAnswer, StepAnswer } from '#lib/api/types.ts';

// More than this is for the workbench; a page of it would only be slow.
export const SHOWN_CHARACTERS_MAX = 50_000;

export interface Stream {
  kind: 'stdout' | 'stderr' | 'compiler';
  text: string;
  /** How much of it is left out here, in characters. */
  hidden: number;
  /** It was more than the program may print. */
  isCut: boolean;
}

export function readStreams(execution: ExecutionAnswer): Stream[] {
  return execution.steps.flatMap((step) => {
    const out = read('stdout', step);
    const err = read('stderr', step);
    if (step.kind !== 'compile') return [out, err].filter((each) => each.text);
    return [out, err]
      .filter((each) => each.text)
      .map((each) => ({ ...each, kind: 'compiler' as const }));
  });
}

function read(kind: 'stdout' | 'stderr', step: StepAnswer): Stream {
  const [content, encoding, isCut] =
    kind === 'stdout'
      ? [step.stdout, step.stdout_encoding, step.stdout_truncated]
      : [step.stderr, step.stderr_encoding, step.stderr_truncated];
  const whole = strip(toText(content, encoding));
  const text = whole.slice(0, SHOWN_CHARACTERS_MAX);
  return { kind, text, hidden: whole.length - text.length, isCut };
}

/** Leave out what only a terminal obeys: colours, cursors, titles, and characters without a shape. */
export function strip(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex
      .replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g, '')
      .replace(/\r\n?/g, '\n')
      // Marks that turn the direction of what stands around them are left out too.
      // eslint-disable-next-line no-control-regex
      .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '')
  );
}

/** "0.014 s" and the like for the whole: what its programs took, compiling included. */
export function describeUsage(execution: ExecutionAnswer): string {
  const seconds = execution.steps.reduce(
    (sum, step) => sum + (step.cached ? 0 : step.usage.wall_seconds),
    0,
  );
  const peak = Math.max(0, ...execution.steps.map((step) => step.usage.memory_peak_bytes ?? 0));
  return [formatSeconds(seconds), peak > 0 && formatBytes(peak)].filter(Boolean).join(' · ');
}

/** How it ended, where the outcome alone does not say it. */
export function describeEnd(execution: ExecutionAnswer): string {
  const last = execution.steps.at(-1);
  if (!last) return '';
  const limits = last.kind === 'compile' ? execution.compile_limits : execution.limits;
  if (last.limit_hit) return `limit ${describeLimit(last.limit_hit, limits)}`;
  if (last.signal !== null) return `signal ${last.signal}`;
  return last.exit_code === null ? '' : `exit code ${last.exit_code}`;
}

function describeLimit(name: keyof LimitsAnswer, limits: LimitsAnswer): string {
  if (name === 'wall_seconds') return formatSeconds(limits.wall_seconds);
  if (name === 'cpu_seconds') return `${formatSeconds(limits.cpu_seconds)} of processor time`;
  return `${formatBytes(limits[name])}${name === 'output_bytes' ? ' of output' : ''}`;
}
