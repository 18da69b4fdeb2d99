/** What became of a run, in words, with the number that mattered and what one can do about it. */
import type { ExecutionAnswer, LimitsAnswer, StepAnswer } from '#lib/api/types.ts';
import { judge, type Tone } from '#lib/execution/outcome.ts';
import { nameSignal } from '#lib/execution/signals.ts';
import { formatBytes, formatSeconds } from '#lib/format.ts';

export interface Ending {
  tone: Tone;
  /** Short: beside the icon. */
  label: string;
  /** What it means, and what to do next; empty where the label says all. */
  advice: string;
}

type Finished = Pick<ExecutionAnswer, 'state' | 'outcome' | 'message' | 'id'> &
  Pick<ExecutionAnswer, 'limits' | 'compile_limits' | 'tests'> & {
    steps: readonly Pick<StepAnswer, 'kind' | 'exit_code' | 'signal' | 'limit_hit' | 'outcome'>[];
  };

/** The step that decided: the one that did not succeed, or the last. */
export function decisiveStep<T extends Pick<StepAnswer, 'outcome'>>(steps: readonly T[]): T | null {
  return steps.find((step) => step.outcome !== 'succeeded') ?? steps.at(-1) ?? null;
}

export function describeEnding(execution: Finished): Ending {
  const { tone, label } = judge(execution);
  const step = decisiveStep(execution.steps);
  const limits = step?.kind === 'compile' ? execution.compile_limits : execution.limits;
  switch (execution.outcome) {
    case 'succeeded':
      return { tone, label: tests(execution) ?? 'Exit 0', advice: '' };
    case 'failed':
      return describeFailure(execution, step?.exit_code ?? null);
    case 'signalled': {
      const signal = nameSignal(step?.signal ?? 0);
      return { tone, label: signal.name, advice: `${signal.meaning}.` };
    }
    case 'compile_failed':
      return { tone, label, advice: describeCompiler(step, limits) };
    case 'time_limit_exceeded':
    case 'memory_limit_exceeded':
    case 'output_limit_exceeded':
      return { tone, ...describeLimit(step?.limit_hit ?? null, limits, label) };
    case 'cancelled':
      return { tone, label: 'Stopped by you', advice: '' };
    case 'superseded':
      return { tone, label: 'Replaced', advice: 'A newer run of the project took its place.' };
    case 'internal_error':
      return {
        tone,
        label: 'Platform error',
        advice: `Not your code: ${execution.message ?? 'the server gave no reason.'} Run it again; if it stays, tell who runs this server the number ${execution.id}.`,
      };
    default:
      return { tone, label, advice: execution.message ?? '' };
  }
}

function describeFailure(execution: Finished, exitCode: number | null): Ending {
  const counted = tests(execution);
  if (counted !== null) return { tone: 'failed', label: counted, advice: '' };
  if (exitCode === null)
    return { tone: 'failed', label: 'Failed', advice: execution.message ?? '' };
  return { tone: 'failed', label: `Exit ${exitCode}`, advice: '' };
}

function tests({ tests }: Finished): string | null {
  return (
    tests && `${tests.passed} of ${tests.total} ${tests.total === 1 ? 'test' : 'tests'} passed`
  );
}

function describeCompiler(
  step: Pick<StepAnswer, 'limit_hit'> | null,
  limits: LimitsAnswer,
): string {
  if (step?.limit_hit) {
    const { label } = describeLimit(step.limit_hit, limits, '');
    return `The compiler: ${label}. The program was not run.`;
  }
  return 'The program was not run.';
}

function describeLimit(
  hit: StepAnswer['limit_hit'],
  limits: LimitsAnswer,
  label: string,
): { label: string; advice: string } {
  switch (hit) {
    case 'wall_seconds':
      return {
        label: `Stopped at the ${formatSeconds(limits.wall_seconds)} limit`,
        advice:
          'Output so far is kept. Does a loop never end, or does it wait for input? More time can be asked for under Input.',
      };
    case 'cpu_seconds':
      return {
        label: `Stopped after ${formatSeconds(limits.cpu_seconds)} of CPU time`,
        advice:
          'Output so far is kept. Does a loop never end? More time can be asked for under Input.',
      };
    case 'memory_bytes':
      return {
        label: `Out of memory (${formatBytes(limits.memory_bytes)})`,
        advice:
          'The program wanted more memory than it may have. More can be asked for under Input.',
      };
    case 'output_bytes':
      return {
        label: `Output cut at ${formatBytes(limits.output_bytes)}`,
        advice: 'The program was stopped there. What it printed until then can be downloaded.',
      };
    default:
      return { label, advice: '' };
  }
}
