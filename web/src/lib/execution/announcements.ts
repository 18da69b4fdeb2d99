/** What a screen reader is told of a run's state: once for each change, in words. */
import type { ExecutionAnswer } from '#lib/api/types.ts';
import type { Phase } from '#lib/execution/run.svelte.ts';
import { decisiveStep, describeEnding } from '#lib/execution/verdict.ts';

const PHASES: Partial<Record<Phase, string>> = {
  queued: 'Queued',
  compiling: 'Compiling',
  running: 'Running',
  refused: 'Not run',
};

export function announce(
  phase: Phase,
  finished: ExecutionAnswer | null,
  isStopping: boolean,
): string {
  if (finished === null || finished.state !== 'finished') {
    return isStopping ? 'Stopping' : (PHASES[phase] ?? '');
  }
  const step = decisiveStep(finished.steps);
  const { label, advice } = describeEnding(finished);
  const spoken = label.replace(/^Exit (\d+)$/, 'exit code $1');
  const seconds = step ? `, ${step.usage.wall_seconds.toFixed(2)} seconds` : '';
  return `Finished, ${spoken}${seconds}${advice ? `. ${advice}` : ''}`;
}
