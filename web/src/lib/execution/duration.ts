import type { ExecutionSummary } from '#lib/api/types.ts';
import { formatSeconds } from '#lib/format.ts';

/** How long an execution took once it was begun; empty while it goes on. */
export function duration(run: Pick<ExecutionSummary, 'started_at' | 'finished_at'>): string {
  if (!run.started_at || !run.finished_at) return '';
  return formatSeconds((Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000);
}
