/** Runs a program that is sent whole, and knows what became of it: for pages without a workbench. */
import { api } from '#lib/api/client.ts';
import { follow } from '#lib/api/events.ts';
import type { ExecutionAnswer, ExecutionBody } from '#lib/api/types.ts';

// A short program is answered for at once; of a longer one the id is known soon, to stop it by.
const WAIT_SECONDS = 1;

export class Snippet {
  isActive = $state(false);
  execution = $state.raw<ExecutionAnswer | null>(null);
  /** Why it was refused. */
  problem = $state.raw<unknown>(null);
  /** From the click to the answer. */
  elapsedSeconds = $state(0);
  /** Counts runs, so that a page can tell them apart. */
  count = $state(0);
  #isStopped = false;

  constructor(private readonly isAnonymous = false) {}

  async start(body: Omit<ExecutionBody, 'wait'>): Promise<void> {
    if (this.isActive) return;
    this.isActive = true;
    this.#isStopped = false;
    this.execution = null;
    this.problem = null;
    const began = performance.now();
    try {
      const options = { anonymous: this.isAnonymous };
      const asked = { ...body, wait: WAIT_SECONDS };
      this.execution = await api.post<ExecutionAnswer>('/executions', asked, options);
      if (this.#isStopped) await this.#cancel();
      await this.#waitForEnd();
      this.elapsedSeconds = (performance.now() - began) / 1000;
    } catch (error) {
      this.problem = error;
    } finally {
      this.isActive = false;
      this.count++;
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.execution) await this.#cancel();
  }

  clear(): void {
    if (this.isActive) return;
    this.execution = null;
    this.problem = null;
  }

  async #waitForEnd(): Promise<void> {
    const id = this.execution!.id;
    while (this.execution!.state !== 'finished') {
      for await (const event of follow(id)) if (event.kind === 'finished') break;
      this.execution = await api.get<ExecutionAnswer>(`/executions/${id}`);
    }
  }

  async #cancel(): Promise<void> {
    await api.post(`/executions/${this.execution!.id}/cancel`);
  }
}
