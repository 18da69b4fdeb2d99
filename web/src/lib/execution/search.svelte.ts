/** Finding in what is shown of a log. */
import { findMatches } from '#lib/execution/pieces.ts';
import { type Block, textOf } from '#lib/execution/screen.ts';

export interface Match {
  /** Of the line. */
  key: number;
  start: number;
}

const MATCHES_MAX = 10_000;

export class LogSearch {
  typed = $state('');
  #index = $state(0);

  constructor(private readonly blocks: () => readonly Block[]) {}

  /** In lower case. */
  readonly query = $derived(this.typed.toLowerCase());
  readonly matches = $derived(this.#find());
  readonly current = $derived(this.matches[this.position - 1] ?? null);

  /** Which of the matches one is at, counted from 1; 0 where there are none. */
  get position(): number {
    return Math.min(this.#index + 1, this.matches.length);
  }

  /** Go to the next match, or with -1 to the former; round the end. */
  step(by: 1 | -1): void {
    const count = this.matches.length;
    if (count > 0) this.#index = (this.position - 1 + by + count) % count;
  }

  restart(): void {
    this.#index = 0;
  }

  #find(): Match[] {
    if (!this.query) return [];
    const found: Match[] = [];
    for (const block of this.blocks()) {
      for (const line of block.lines) {
        for (const { start } of findMatches(textOf(line), this.query)) {
          found.push({ key: line.key, start });
        }
      }
      if (found.length >= MATCHES_MAX) break;
    }
    return found;
  }
}
