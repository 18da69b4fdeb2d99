/** The runtimes as the start page shows them, without what queries that are shared and kept need. */
import { mayPass } from '#lib/api/problem.ts';
import type { RuntimeAnswer } from '#lib/api/types.ts';
import { isSettled, listRuntimes, UNKNOWN_FRESH_MS } from '#lib/runtimes/runtimes.ts';

const RETRY_MS = [1000, 2000];

export class Offer {
  runtimes: RuntimeAnswer[] | undefined = $state.raw();
  problem: unknown = $state.raw(null);

  /** Ask until it is known of each whether it works, or `signal` says enough. */
  async follow(signal?: AbortSignal): Promise<void> {
    this.problem = null;
    try {
      this.runtimes = await list(signal);
      while (!isSettled(this.runtimes)) {
        await pause(UNKNOWN_FRESH_MS);
        this.runtimes = await list(signal);
      }
    } catch (error) {
      if (!signal?.aborted) this.problem = error;
    }
  }
}

async function list(signal?: AbortSignal): Promise<RuntimeAnswer[]> {
  for (const wait of RETRY_MS) {
    try {
      return await listRuntimes(signal);
    } catch (error) {
      if (signal?.aborted || !mayPass(error)) throw error;
      await pause(wait);
    }
  }
  return listRuntimes(signal);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
