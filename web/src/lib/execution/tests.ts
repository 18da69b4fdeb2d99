/** The tests of a run: what was asked for and what became of it, side by side. */
import type { TestBody } from '#lib/api/types.ts';
import type { StepDescription } from '#lib/execution/transcript.ts';
import { judge } from '#lib/execution/outcome.ts';
import { nameSignal } from '#lib/execution/signals.ts';

export interface TestRow {
  name: string;
  state: 'passed' | 'failed' | 'waiting' | 'skipped' | 'done';
  /** What was asked for, where it is known. */
  test: TestBody | null;
  step: StepDescription | null;
}

export function listTests(
  asked: readonly TestBody[],
  steps: readonly StepDescription[],
  isActive: boolean,
): TestRow[] {
  const begun = steps.filter((step) => step.kind === 'test');
  const names = new Set([...asked.map((test) => test.name), ...begun.map((step) => step.name)]);
  return [...names].map((name) => {
    const step = begun.find((each) => each.name === name) ?? null;
    const test = asked.find((each) => each.name === name) ?? null;
    return { name, test, step, state: stateOf(step, isActive) };
  });
}

function stateOf(step: StepDescription | null, isActive: boolean): TestRow['state'] {
  if (step === null || !step.isOver) return isActive ? 'waiting' : 'skipped';
  if (step.passed !== null && step.passed !== undefined) return step.passed ? 'passed' : 'failed';
  return step.outcome === 'succeeded' ? 'done' : 'failed';
}

/** How a test ended that did not simply end. */
export function describeStep(step: StepDescription): string {
  if (typeof step.signal === 'number' && !step.limit_hit) {
    const { name, meaning } = nameSignal(step.signal);
    return `${name}: ${meaning}.`;
  }
  if (step.outcome === 'failed' && typeof step.exit_code === 'number') {
    return `It ended with exit code ${step.exit_code}.`;
  }
  return `${judge({ state: 'finished', outcome: step.outcome ?? null }).label}.`;
}

/** A name that no other test has. */
export function newTestName(tests: readonly TestBody[]): string {
  const names = new Set(tests.map((test) => test.name));
  let number = tests.length + 1;
  while (names.has(`Test ${number}`)) number++;
  return `Test ${number}`;
}
