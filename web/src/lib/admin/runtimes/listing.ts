/** The list of runtimes as administrators search it. */
import type { AdminRuntimeAnswer } from '#lib/api/types.ts';

export const STATES = [
  { value: '', label: 'Any' },
  { value: 'available', label: 'Available' },
  { value: 'failing', label: 'Self-test fails' },
  { value: 'missing', label: 'Not installed' },
  { value: 'unknown', label: 'Not tested yet' },
];

export const SOURCES: Record<AdminRuntimeAnswer['source'], string> = {
  catalogue: 'Catalogue',
  edited: 'Edited',
  added: 'Added',
};

export const LIFECYCLES: Record<AdminRuntimeAnswer['lifecycle'], string> = {
  active: 'Active',
  deprecated: 'Deprecated',
  retired: 'Retired',
};

export interface RuntimeFilters {
  query: string;
  state: string;
  source: string;
  lifecycle: string;
}

export function nameOf(runtime: AdminRuntimeAnswer): string {
  return String(runtime.definition.name ?? runtime.id);
}

export function languageOf(runtime: AdminRuntimeAnswer): string {
  return String(runtime.definition.language ?? '');
}

/** What is not installed is told from what is and does not work by the reason that the API gives. */
export function stateOf(runtime: Pick<AdminRuntimeAnswer, 'state' | 'reason'>): string {
  if (runtime.state !== 'unavailable') return runtime.state;
  return runtime.reason?.startsWith('not installed') ? 'missing' : 'failing';
}

export function filterRuntimes(
  runtimes: AdminRuntimeAnswer[],
  { query, state, source, lifecycle }: RuntimeFilters,
): AdminRuntimeAnswer[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return runtimes.filter((runtime) => {
    if (state && stateOf(runtime) !== state) return false;
    if (source && runtime.source !== source) return false;
    if (lifecycle && runtime.lifecycle !== lifecycle) return false;
    const { aliases, extensions } = runtime.definition;
    const text = [runtime.id, nameOf(runtime), languageOf(runtime), aliases, extensions]
      .flat()
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** What retiring or deprecating one does to projects, with their number. */
export function describeProjects({ projects }: Pick<AdminRuntimeAnswer, 'projects'>): string {
  if (projects === 0) return 'No project uses it.';
  return projects === 1 ? '1 project uses it.' : `${projects} projects use it.`;
}
