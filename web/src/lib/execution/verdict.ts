/** What became of a run, in words, with the number that mattered and what one can do about it. */
import type { ExecutionAnswer, LimitsAnswer, StepAnswer } from '#lib/api/types.ts';
import { judge, type Tone } from '#lib/execution/outcome.ts';
import { nameSignal } from '#lib/execution/signals.ts';
import { formatBytes, formatCount, formatSeconds } from '#lib/format.ts';

export interface Ending {
  tone: Tone;
  /** Short: beside the icon. */
  label: string;
  /** What it means, and what to do next; empty where the label says all. */
  advice: string;
}

type Finished = Pick<
  ExecutionAnswer,
  | 'state'
  | 'outcome'
  | 'message'
  | 'id'
  | 'limits'
  | 'compile_limits'
  | 'execution_wall_seconds'
  | 'tests'
> & { steps: readonly Ended[] };

type Ended = Pick<StepAnswer, 'kind' | 'exit_code' | 'signal' | 'limit_hit' | 'outcome' | 'usage'>;

const NOT_RUN = 'The program was not run.';
// Limits are not met to the microsecond.
const NEARLY = 0.98;

/** The step that decided: the one that did not succeed, or the last. */
export function decisiveStep<T extends Pick<StepAnswer, 'outcome'>>(steps: readonly T[]): T | null {
  return steps.find((step) => step.outcome !== 'succeeded') ?? steps.at(-1) ?? null;
}

export function describeEnding(execution: Finished): Ending {
  const ending = describeOutcome(execution);
  // Behind the sentence on the outcome stands what else went wrong, such as files not kept.
  const message = execution.message ?? '';
  const remark = message.includes('. ') ? message.slice(message.indexOf('. ') + 2) : '';
  if (ending.advice.includes(remark)) return ending;
  return { ...ending, advice: `${ending.advice} ${remark}`.trim() };
}

function describeOutcome(execution: Finished): Ending {
  const { tone, label } = judge(execution);
  const counted = countTests(execution);
  if (counted !== null) return { tone, label: counted, advice: '' };
  const step = decisiveStep(execution.steps);
  const limits = step?.kind === 'compile' ? execution.compile_limits : execution.limits;
  switch (execution.outcome) {
    case 'succeeded':
      return { tone, label: 'Exit 0', advice: '' };
    case 'failed':
      return describeFailure(execution, step?.exit_code ?? null);
    case 'signalled': {
      const signal = nameSignal(step?.signal ?? 0);
      return { tone, label: signal.name, advice: `${signal.meaning}.` };
    }
    case 'compile_failed':
      return { tone, label, advice: NOT_RUN };
    case 'time_limit_exceeded':
    case 'memory_limit_exceeded':
    case 'output_limit_exceeded':
      return { tone, ...describeLimit(step, limits, execution.execution_wall_seconds) };
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
  if (exitCode === null)
    return { tone: 'failed', label: 'Failed', advice: execution.message ?? '' };
  return { tone: 'failed', label: `Exit ${exitCode}`, advice: '' };
}

/** What is said of tests, if they were run. */
function countTests({ tests, steps }: Finished): string | null {
  if (tests === null || !steps.some((step) => step.kind === 'test')) return null;
  return `${tests.passed} of ${formatCount(tests.total, 'test')} passed`;
}

/** Which number was too small, and what to do; the limits are those of the step that ended there. */
function describeLimit(
  step: Ended | null,
  limits: LimitsAnswer,
  allSeconds: number,
): Pick<Ending, 'label' | 'advice'> {
  const isCompiler = step?.kind === 'compile';
  const kept = isCompiler ? NOT_RUN : 'Output so far is kept.';
  const more = isCompiler ? '' : ' More can be asked for under Input.';
  switch (step?.limit_hit) {
    case 'wall_seconds':
      // Cut short by the bound of all steps together.
      if (step.usage.wall_seconds < limits.wall_seconds * NEARLY) {
        return { label: `Stopped at ${formatSeconds(allSeconds)} for all steps`, advice: kept };
      }
      return {
        label: `Stopped at the ${formatSeconds(limits.wall_seconds)} limit`,
        advice: isCompiler
          ? kept
          : `${kept} Does a loop never end, or does it wait for input?${more}`,
      };
    case 'cpu_seconds':
      return {
        label: `Stopped after ${formatSeconds(limits.cpu_seconds)} of CPU time`,
        advice: isCompiler ? kept : `${kept} Does a loop never end?${more}`,
      };
    case 'memory_bytes':
      return {
        label: `Out of memory (${formatBytes(limits.memory_bytes)})`,
        advice: isCompiler ? kept : `It wanted more memory than it may have.${more}`,
      };
    case 'output_bytes':
      return {
        label: `Output cut at ${formatBytes(limits.output_bytes)}`,
        advice: 'It was stopped there. What was printed until then can be downloaded.',
      };
    default:
      return { label: '', advice: kept };
  }
}
