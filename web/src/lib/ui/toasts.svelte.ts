/** Short messages about what just happened elsewhere on the page. Errors stay until they are closed. */
import { explain, Problem } from '#lib/api/problem.ts';

export interface Toast {
  id: number;
  kind: 'info' | 'error';
  text: string;
  requestId: string | null;
}

const SHOWN_MS = 5000;

class Toasts {
  items = $state<Toast[]>([]);
  #last = 0;

  say(text: string): void {
    const toast = this.#add({ kind: 'info', text, requestId: null });
    setTimeout(() => this.close(toast.id), SHOWN_MS);
  }

  /** Tell of an error that has no better place. */
  fail(error: unknown): void {
    const requestId = error instanceof Problem ? error.requestId : null;
    this.#add({ kind: 'error', text: explain(error), requestId });
  }

  close(id: number): void {
    this.items = this.items.filter((each) => each.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>): Toast {
    const added = { ...toast, id: ++this.#last };
    this.items = [...this.items.slice(-3), added];
    return added;
  }
}

export const toasts = new Toasts();
