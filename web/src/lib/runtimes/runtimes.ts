/** What can be run here, as the API lists it: those that are wanted most come first. */
import { api } from '#lib/api/client.ts';
import type { RuntimeAnswer, RuntimesAnswer } from '#lib/api/types.ts';

export interface Family {
  language: string;
  /** The language's default first. */
  runtimes: RuntimeAnswer[];
}

const FRESH_MS = 60_000;
export const UNKNOWN_FRESH_MS = 2000;

export function runtimesQuery() {
  return {
    queryKey: ['runtimes'],
    queryFn: ({ signal }: { signal: AbortSignal }) => listRuntimes(signal),
    staleTime: FRESH_MS,
    refetchInterval: ({ state }: { state: { data?: RuntimeAnswer[] } }) =>
      isSettled(state.data ?? []) ? (false as const) : UNKNOWN_FRESH_MS,
  };
}

export async function listRuntimes(signal?: AbortSignal): Promise<RuntimeAnswer[]> {
  return (await api.get<RuntimesAnswer>('/runtimes', {}, signal)).items;
}

/** Whether it is known of each whether it works; a server that has just begun is still finding out. */
export function isSettled(runtimes: readonly RuntimeAnswer[]): boolean {
  return runtimes.every((each) => each.state !== 'unknown');
}

/** Whether something new can be begun with it. */
export function isOffered(runtime: RuntimeAnswer): boolean {
  return runtime.state !== 'unavailable' && !runtime.deprecated;
}

/** Find a runtime by what somebody calls it: an id, an alias, or a language for its default. */
export function findRuntime(runtimes: readonly RuntimeAnswer[], name: string) {
  const wanted = name.toLowerCase();
  return (
    runtimes.find((each) => each.id === wanted || each.aliases.includes(wanted)) ??
    runtimes.find((each) => each.default && each.language.toLowerCase() === wanted)
  );
}

/** Those that have each word somewhere in their names, file endings or description. */
export function searchRuntimes(runtimes: readonly RuntimeAnswer[], query: string): RuntimeAnswer[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return runtimes.filter((each) => {
    const text = [each.id, each.name, each.language, each.version, each.description]
      .concat(each.aliases, each.extensions)
      .join('\n')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Put the runtimes of one language together, in the order of the first of each. */
export function groupByLanguage(runtimes: readonly RuntimeAnswer[]): Family[] {
  const families = new Map<string, RuntimeAnswer[]>();
  for (const each of runtimes)
    families.set(each.language, [...(families.get(each.language) ?? []), each]);
  return [...families].map(([language, members]) => ({
    language,
    runtimes: members.toSorted((a, b) => Number(b.default) - Number(a.default)),
  }));
}

export function nameOf(runtimes: readonly RuntimeAnswer[] | undefined, id: string): string {
  return runtimes?.find((each) => each.id === id || each.aliases.includes(id))?.name ?? id;
}
