/** What is given to a program beside its files, as the API takes it. */
import type { ExecutionBody, LimitsBody, TestBody } from '#lib/api/types.ts';

export interface Given {
  args?: readonly string[];
  stdin?: string;
  env?: Readonly<Record<string, string>>;
  /** Keep stdin open, to type while it runs. */
  interactive?: boolean;
  /** Give it a terminal. */
  terminal?: boolean;
  mergeStderr?: boolean;
  limits?: LimitsBody;
  tests?: readonly TestBody[];
}

// The files that are worth showing. What a program was given and left as it was is not among them.
const ARTIFACTS = [
  '**/*.png',
  '**/*.jpg',
  '**/*.jpeg',
  '**/*.gif',
  '**/*.webp',
  '**/*.svg',
  '**/*.csv',
  '**/*.json',
  '**/*.html',
  '**/*.pdf',
  '**/*.txt',
  '**/*.wav',
  '**/*.mp3',
  '**/*.mp4',
];
// Until the terminal is on the page and tells its own.
const TERMINAL = { rows: 24, columns: 80 };

/** Build what `POST /executions` and `POST /projects/{id}/run` take of it, without the wait. */
export function buildRequest(
  given: Given,
): Omit<ExecutionBody, 'runtime' | 'files' | 'entry' | 'wait'> {
  const { args = [], env = {}, limits = {}, mergeStderr = false, tests = [] } = given;
  const always = { args: [...args], env: { ...env }, limits, merge_stderr: mergeStderr };
  // Each test brings its own input, and leaves no files.
  if (tests.length > 0) return { ...always, tests: [...tests] };
  const hasTerminal = given.terminal ?? false;
  return {
    ...always,
    stdin: hasTerminal ? '' : (given.stdin ?? ''),
    interactive: hasTerminal || (given.interactive ?? false),
    terminal: hasTerminal ? TERMINAL : null,
    artifacts: ARTIFACTS,
  };
}
