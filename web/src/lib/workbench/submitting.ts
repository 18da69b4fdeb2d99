/** What is asked of the server when something is run from the page. */
import type { ExecutionBody, LimitsBody, RunProjectBody, TestBody } from '#lib/api/types.ts';
import { buildRequest } from '#lib/execution/given.ts';
import { toBody } from '#lib/project/content.ts';
import type { Setup, Snapshot } from '#lib/project/snapshot.ts';

/** How a program is run, as far as no revision says it. */
export interface Choices {
  interactive: boolean;
  terminal: boolean;
  mergeStderr: boolean;
  limits: LimitsBody;
  tests: TestBody[];
}

/** `patternsMax`: how many patterns of artifacts the policy allows. */
export function buildExecution(
  { files, setup }: Snapshot,
  entry: string,
  choices: Choices,
  patternsMax: number,
): ExecutionBody {
  const { runtime, args, env, stdin, stdin_encoding } = setup;
  return {
    ...build(choices, setup, { args, env, stdin }, patternsMax),
    ...(stdin && { stdin_encoding }),
    runtime,
    entry,
    files: [...files].map(([path, content]) => toBody(path, content)),
  };
}

/** Arguments, environment and input are those of the revision. */
export function buildProjectRun(
  revision: number,
  setup: Setup,
  choices: Choices,
  patternsMax: number,
): RunProjectBody {
  return { ...build(choices, setup, {}, patternsMax), revision };
}

function build(
  choices: Choices,
  setup: Setup,
  given: { args?: string[]; env?: Record<string, string>; stdin?: string },
  patternsMax: number,
) {
  const { artifacts, ...request } = buildRequest({
    ...choices,
    // A text that is given ends with its last line; without one people type while it runs.
    interactive: choices.interactive && setup.stdin === '',
    ...given,
  });
  return { ...request, ...(artifacts && { artifacts: artifacts.slice(0, patternsMax) }), wait: 0 };
}
