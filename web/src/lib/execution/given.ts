/** What is given to a program beside its files, as the API takes it. */
import { endingOf } from '#lib/execution/artifacts.ts';
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
  /** Paths of the files that run. */
  files?: readonly string[];
}

// Endings of files that are worth showing.
const ARTIFACTS = [
  'png',
  'jpg',
  'jpeg',
  'gif',
  'webp',
  'svg',
  'csv',
  'json',
  'html',
  'pdf',
  'txt',
  'wav',
  'mp3',
  'mp4',
];
// Files that were given count too, and there may be few of them: with more of one kind, that kind is
// left out.
const GIVEN_MAX = 3;
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
    artifacts: chooseArtifacts(given.files ?? []),
  };
}

function chooseArtifacts(files: readonly string[]): string[] {
  const isFree = (ending: string) =>
    files.filter((path) => endingOf(path) === ending).length <= GIVEN_MAX;
  return ARTIFACTS.filter(isFree).map((ending) => `**/*.${ending}`);
}
