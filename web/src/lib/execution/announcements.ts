/** What a screen reader is told of a run: its state once for each change, and what it prints. */
import type { ExecutionAnswer } from '#lib/api/types.ts';
import type { Chunk } from '#lib/execution/log.svelte.ts';
import type { Phase } from '#lib/execution/run.svelte.ts';
import { Screen, textOf } from '#lib/execution/screen.ts';
import { decisiveStep, describeEnding } from '#lib/execution/verdict.ts';

const PHASES: Partial<Record<Phase, string>> = {
  queued: 'Queued',
  compiling: 'Compiling',
  running: 'Running',
  refused: 'Not run',
};
const LINES_MAX = 20;
// More would be cut anyhow, and a flood is not kept.
const CHARACTERS_MAX = 2000;

export function describeState(
  phase: Phase,
  finished: ExecutionAnswer | null,
  isStopping: boolean,
): string {
  if (finished === null || finished.state !== 'finished') {
    return isStopping ? 'Stopping' : (PHASES[phase] ?? '');
  }
  const step = decisiveStep(finished.steps);
  const { label, advice } = describeEnding(finished);
  const spoken = label.replace(/^Exit (\d+)$/, 'exit code $1');
  const seconds = step ? `, ${step.usage.wall_seconds.toFixed(2)} seconds` : '';
  return `Finished, ${spoken}${seconds}${advice ? `. ${advice}` : ''}`;
}

/** Collects what was printed since it was last asked for. */
export class Announcements {
  #text = '';
  #isPaused = false;

  add(chunk: Chunk): void {
    if (chunk.stream === 'stdin') return;
    if (this.#text.length < CHARACTERS_MAX) this.#text += chunk.text;
    else this.#isPaused = true;
  }

  /** Null where there is nothing new. */
  take(): string | null {
    if (!this.#text) return null;
    const screen = new Screen();
    screen.write('stdout', this.#text, null);
    const lines = screen.blocks().flatMap((block) => block.lines.map(textOf));
    const isTooMuch = this.#isPaused || lines.length > LINES_MAX;
    this.#text = '';
    this.#isPaused = false;
    return isTooMuch ? 'Much output; reading it is paused.' : lines.join('\n');
  }
}
