/** The values of a policy, in the order and with the words in which they are shown. */
export interface PolicyValue {
  name: string;
  label: string;
  meaning?: string;
}

export interface ValueGroup {
  title: string;
  about: string;
  values: PolicyValue[];
}

export const PROJECT_RUNS = [
  { value: 'supersede', label: 'supersede: the former run ends' },
  { value: 'queue', label: 'queue: the new run waits' },
  { value: 'reject', label: 'reject: the new run is refused' },
  { value: 'parallel', label: 'parallel: both run' },
];

export const GROUPS: ValueGroup[] = [
  {
    title: 'Limits of one program',
    about: 'The most that each step of a run may use; programs may ask for less.',
    values: [
      { name: 'limits_max.wall_seconds', label: 'Time', meaning: 'From start to end.' },
      { name: 'limits_max.cpu_seconds', label: 'CPU time', meaning: 'Of all its processes.' },
      { name: 'limits_max.memory_bytes', label: 'Memory' },
      { name: 'limits_max.processes', label: 'Processes and threads' },
      { name: 'limits_max.output_bytes', label: 'Output', meaning: 'stdout and stderr each.' },
      { name: 'limits_max.disk_bytes', label: 'Disk', meaning: '/work and /tmp each.' },
    ],
  },
  {
    title: 'Altogether',
    about: 'What one account may have, whatever it runs.',
    values: [
      { name: 'active_count_max', label: 'Runs at once', meaning: 'More of them wait.' },
      { name: 'executions_per_minute_max', label: 'Runs in a minute' },
      {
        name: 'cpu_seconds_per_day_max',
        label: 'CPU time in a day',
        meaning: 'Since midnight in UTC.',
      },
      {
        name: 'project_runs',
        label: 'A project is run again',
        meaning: 'While it still runs, changed.',
      },
      { name: 'project_count_max', label: 'Projects' },
      {
        name: 'revision_count_max',
        label: 'Revisions of a project',
        meaning: 'Older ones are deleted.',
      },
      { name: 'project_bytes_max', label: 'Bytes of all projects' },
    ],
  },
  {
    title: 'Time of a whole run',
    about: 'Compiling and all tests included.',
    values: [
      { name: 'execution_wall_seconds', label: 'Unless asked for' },
      { name: 'execution_wall_seconds_max', label: 'At most' },
      {
        name: 'wait_seconds_max',
        label: 'Wait for an answer',
        meaning: 'How long a request may wait for the end.',
      },
    ],
  },
  {
    title: 'What a request may contain',
    about: 'At most what the server was started with.',
    values: [
      { name: 'file_count_max', label: 'Files' },
      { name: 'file_bytes_max', label: 'Size of a file' },
      { name: 'source_bytes_max', label: 'Size of all files' },
      { name: 'stdin_bytes_max', label: 'Size of the input' },
      { name: 'arg_count_max', label: 'Arguments' },
      { name: 'arg_bytes_max', label: 'Size of the arguments' },
      { name: 'env_count_max', label: 'Environment variables' },
      { name: 'env_bytes_max', label: 'Size of the environment' },
      { name: 'test_count_max', label: 'Tests' },
      {
        name: 'test_bytes_max',
        label: 'Size of the tests',
        meaning: 'Input and expected output of all.',
      },
      { name: 'artifact_glob_count_max', label: 'Patterns of artifacts' },
      { name: 'artifact_count_max', label: 'Artifacts' },
      { name: 'artifact_bytes_max', label: 'Size of the artifacts' },
    ],
  },
];

export const NAMES = GROUPS.flatMap((group) => group.values.map((each) => each.name));
/** Of an account altogether, so that a runtime's layer cannot say them. */
export const OF_ACCOUNT = new Set(GROUPS[1]!.values.map((each) => each.name));
/** Those may be without a bound. */
export const UNBOUNDED = new Set([
  'active_count_max',
  'executions_per_minute_max',
  'cpu_seconds_per_day_max',
]);

export function labelOf(name: string): string {
  for (const group of GROUPS) {
    const found = group.values.find((each) => each.name === name);
    if (found) return found.label;
  }
  return name;
}
