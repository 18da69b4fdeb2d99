/** Ends programs of other people. */
import { api, Problem } from '#lib/api/client.ts';
import type { Query } from '#lib/api/address.ts';
import type { OwnedExecutionsAnswer, OwnedSummary, State } from '#lib/api/types.ts';

const PAGE_SIZE = 100;
/** What one press stops; beyond that, another one does. */
export const FOUND_MAX = 1000;
const AT_A_TIME = 4;

/** Find what is unfinished and matches, so that its number can be told before it is stopped. */
export async function findStoppable(query: Query, states: State[]): Promise<OwnedSummary[]> {
  const found = new Map<string, OwnedSummary>();
  for (const state of states) {
    let before: string | null = null;
    do {
      const page: OwnedExecutionsAnswer = await api.get('/admin/executions', {
        ...query,
        state,
        before,
        limit: PAGE_SIZE,
      });
      for (const run of page.items) found.set(run.id, run);
      before = page.next_before;
    } while (before !== null && found.size < FOUND_MAX);
  }
  return [...found.values()].slice(0, FOUND_MAX);
}

export function stopRun(id: string): Promise<unknown> {
  return api.post(`/admin/executions/${id}/cancel`);
}

/** Stop each of several, a few at a time; throw the first refusal once all were asked for. */
export async function stopRuns(ids: string[]): Promise<void> {
  const left = [...ids];
  const problems: unknown[] = [];
  const work = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      try {
        await stopRun(id);
      } catch (error) {
        // Deleted meanwhile, with its account: it is at its end.
        if (!(error instanceof Problem && error.status === 404)) problems.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  if (problems.length > 0) throw problems[0];
}
