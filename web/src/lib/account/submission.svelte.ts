/** A form on its way to the server, and what the server had against it. */
import { tick } from 'svelte';
import { explain, Problem } from '#lib/api/problem.ts';

export class Submission {
  busy = $state(false);
  problem = $state<unknown>(null);
  readonly #fields: readonly string[];

  /** `fields` are those that the form shows; what is about none of them is shown below. */
  constructor(...fields: string[]) {
    this.#fields = fields;
  }

  /** What is wrong with one field. */
  of(field: string): string | undefined {
    return this.problem instanceof Problem ? this.problem.of(field) : undefined;
  }

  /** What is wrong with no field in particular. */
  get general(): string {
    if (this.problem === null || this.#fields.some((field) => this.of(field))) return '';
    return explain(this.problem);
  }

  /** Seconds until the same is looked at again, where it came too often. */
  get waitSeconds(): number | null {
    const { problem } = this;
    const isWaiting = problem instanceof Problem && problem.code === 'too_many_attempts';
    return isWaiting ? problem.retryAfterSeconds : null;
  }

  /** Do it, once at a time. Return whether it succeeded; else the first wrong field is focused. */
  async run(work: () => Promise<unknown>, form?: HTMLFormElement | null): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = null;
    try {
      await work();
      return true;
    } catch (error) {
      this.problem = error;
      return false;
    } finally {
      this.busy = false;
      await tick();
      form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    }
  }
}
