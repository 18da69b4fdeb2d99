/** The definition of a runtime while it is edited: what is sent, and where what is wrong stands. */
import type { Problem } from '#lib/api/problem.ts';
import type { AdminRuntimeAnswer, FileTable, RuntimeDefinition } from '#lib/api/types.ts';

export type Definition = RuntimeDefinition;
export type DefinitionField = keyof Definition;

/** Fields that the form has inputs for; the rest is edited as JSON. */
export const FORM_FIELDS: DefinitionField[] = [
  'name',
  'language',
  'description',
  'entry',
  'rank',
  'aliases',
  'extensions',
  'compile_limits',
  'run_limits',
  'example',
  'self_test',
];

export const LIMIT_FIELDS = [
  { name: 'wall_seconds', label: 'Wall time', unit: 's', limit: 'wall_seconds' },
  { name: 'cpu_seconds', label: 'CPU time', unit: 's', limit: 'cpu_seconds' },
  { name: 'memory_mib', label: 'Memory', unit: 'MiB', limit: 'memory_bytes' },
  { name: 'processes', label: 'Processes', unit: '', limit: 'processes' },
  { name: 'disk_mib', label: 'Disk', unit: 'MiB', limit: 'disk_bytes' },
] as const;

export function definitionOf(runtime: AdminRuntimeAnswer): Definition {
  return structuredClone(runtime.definition) as Definition;
}

export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(sortKeys(one)) === JSON.stringify(sortKeys(other));
}

/** The fields whose values are other than they were. */
export function changedFields(before: Definition, after: Definition): DefinitionField[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<DefinitionField>;
  return [...names].filter((name) => !isSame(before[name], after[name]));
}

/** What is sent: a later one starts from the catalogue again, so that it has what was edited before
 * and what is now, other than what is to be as in the catalogue. */
export function toGiven(
  runtime: Pick<AdminRuntimeAnswer, 'source' | 'edited' | 'definition'>,
  draft: Definition,
  taken: DefinitionField[] = [],
): Definition {
  if (runtime.source === 'added') return draft;
  const changed = changedFields(runtime.definition as Definition, draft);
  const names = new Set([...(runtime.edited as DefinitionField[]), ...changed]);
  for (const name of taken) names.delete(name);
  return Object.fromEntries(
    Object.entries(draft).filter(([name]) => names.has(name as DefinitionField)),
  );
}

/** What is wrong with a field, or with something in it; a limit is called otherwise there. */
export function problemAt(problem: Problem | null, field: string): string | undefined {
  if (!problem) return undefined;
  const found = problem.of(field) ?? problem.of(`definition.${field}`);
  if (found) return found;
  const [table, name] = field.split('.');
  const limit = LIMIT_FIELDS.find((each) => each.name === name)?.limit;
  const isIt = problem.code === 'limit_out_of_range' && problem.members.limit === limit;
  return isIt && problem.message.startsWith(`${table}.`) ? problem.message : undefined;
}

/** What the form has no place for. */
export function problemsElsewhere(problem: Problem | null, places: string[]): string[] {
  if (!problem) return [];
  if (places.some((place) => problem.fields.length === 0 && problemAt(problem, place))) return [];
  if (problem.fields.length === 0) return [problem.message];
  return problem.fields
    .filter(({ field }) => !places.includes(field.replace(/^definition\./, '')))
    .map(({ field, message }) => `${field}: ${message}`);
}

export function splitWords(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

/** Read JSON that is to be the fields of a definition; throws an `Error` that says what is wrong. */
export function parseFields(text: string): Definition {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not JSON: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('Write an object: its members are the fields of the definition.');
  }
  return value as Definition;
}

/** What the form has no inputs for, as text. */
export function restAsText(definition: Definition): string {
  const rest = Object.entries(definition).filter(
    ([name]) => !FORM_FIELDS.includes(name as DefinitionField),
  );
  return JSON.stringify(Object.fromEntries(rest), null, 2);
}

/** Put fields that were edited as text in place of those of the definition. */
export function withRest(definition: Definition, rest: Definition): Definition {
  const kept = Object.entries(definition).filter(([name]) =>
    FORM_FIELDS.includes(name as DefinitionField),
  );
  return { ...Object.fromEntries(kept), ...rest };
}

/** Put another content in place of that of one file. */
export function withContent(files: FileTable[], path: string, content: string): FileTable[] {
  if (!files.some((file) => file.path === path)) return [...files, { path, content }];
  return files.map((file) => (file.path === path ? { ...file, content } : file));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, each]) => [name, sortKeys(each)]),
  );
}
