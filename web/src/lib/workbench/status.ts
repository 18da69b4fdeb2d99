/** What the bars of the workbench say. */
import type { LimitsAnswer } from '#lib/api/types.ts';
import type { SaveState } from '#lib/project/autosave.svelte.ts';
import type { Bench } from '#lib/workbench/bench.svelte.ts';

const SAVE_STATES: Record<SaveState, string> = {
  saved: 'Saved',
  unsaved: 'Not saved yet',
  saving: 'Saving…',
  offline: 'Offline, kept in this browser',
  conflict: 'Conflict: also changed elsewhere',
  refused: 'Not saved: the server refused it',
};

export function describeSaving({ autosave, draft }: Bench): string {
  if (autosave) return SAVE_STATES[autosave.state];
  return draft?.isKept === false ? 'Keeping…' : 'Draft, kept in this browser';
}

/** The limits of a run that names none: the runtime's, lowered to what the policy allows. */
export function clipLimits(
  limits: LimitsAnswer,
  policy: Record<string, unknown> = {},
): LimitsAnswer {
  const most = (policy.limits_max ?? {}) as Partial<Record<keyof LimitsAnswer, number>>;
  const clipped = { ...limits };
  for (const name of Object.keys(clipped) as (keyof LimitsAnswer)[])
    clipped[name] = Math.min(clipped[name], most[name] ?? Infinity);
  return clipped;
}

const MARKS: Record<string, string> = {
  succeeded: '✓',
  cancelled: '■',
  superseded: '■',
};

/** A sign of what the last run came to, for the browser's tab. */
export function markRun({ run, isRunning }: Bench): string {
  if (isRunning) return '● ';
  if (run.phase === 'refused') return '✕ ';
  if (run.phase !== 'finished' || !run.execution?.outcome) return '';
  return `${MARKS[run.execution.outcome] ?? '✕'} `;
}
