/** What became of an execution, in words and in the tone of its badge. */
import type { ExecutionSummary } from '#lib/api/types.ts';

export type Tone = 'queued' | 'running' | 'ok' | 'failed' | 'timeout' | 'memory' | 'system';

export interface Verdict {
  tone: Tone;
  label: string;
}

const STATES: Record<string, Verdict> = {
  queued: { tone: 'queued', label: 'Queued' },
  starting: { tone: 'running', label: 'Starting' },
  running: { tone: 'running', label: 'Running' },
};

const OUTCOMES: Record<string, Verdict> = {
  succeeded: { tone: 'ok', label: 'Succeeded' },
  failed: { tone: 'failed', label: 'Failed' },
  signalled: { tone: 'failed', label: 'Killed by a signal' },
  compile_failed: { tone: 'failed', label: 'Did not compile' },
  time_limit_exceeded: { tone: 'timeout', label: 'Out of time' },
  memory_limit_exceeded: { tone: 'memory', label: 'Out of memory' },
  output_limit_exceeded: { tone: 'timeout', label: 'Too much output' },
  cancelled: { tone: 'queued', label: 'Stopped' },
  superseded: { tone: 'queued', label: 'Superseded' },
  internal_error: { tone: 'system', label: 'Platform error' },
};

export function judge(execution: Pick<ExecutionSummary, 'state' | 'outcome'>): Verdict {
  const known = execution.outcome ? OUTCOMES[execution.outcome] : STATES[execution.state];
  return known ?? { tone: 'queued', label: execution.outcome ?? execution.state };
}
