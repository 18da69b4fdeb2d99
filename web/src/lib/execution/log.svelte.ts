/**
 * What a run printed, ready to be shown. Text is taken in by slices, so that a flood of output never
 * keeps the page from answering; the first of it is shown at once, what follows with each frame.
 */
import { type Block, type Bounds, Screen, type Stream } from '#lib/execution/screen.ts';

export interface Chunk {
  stream: Stream;
  text: string;
  /** Which step printed it, counted from 0. */
  step: number;
  /** Milliseconds since 1970; null for what was printed before anybody looked. */
  at: number | null;
}

type Entry = Chunk | { heading: string };

const SLICE_MS = 8;
const SLICE_CHARACTERS = 16 * 1024;
const FRAME_MS = 16;
// While lines come faster than they can be read, they are shown this often.
const FLOOD_FRAME_MS = 200;
const FLOOD_CHARACTERS = 64 * 1024;
// Blocks that are put on the page while it floods, and by how many more with each frame after it.
const FLOOD_BLOCKS = 2;
const REVEALED_BLOCKS = 3;

export class Log {
  blocks = $state.raw<readonly Block[]>([]);
  /** Characters that are no longer kept for showing. */
  hidden = $state(0);
  /** Whether text waits to be shown. */
  isBehind = $state(false);
  #screen: Screen;
  #queue: Entry[] = [];
  #scheduled: ReturnType<typeof setTimeout> | null = null;
  #shownAt = -Infinity;
  #unshown = 0;
  /** How many of the last blocks are on the page. */
  #revealed = FLOOD_BLOCKS;
  #isWhole = true;

  constructor(private readonly bounds?: Bounds) {
    this.#screen = new Screen(bounds);
  }

  get isEmpty(): boolean {
    return this.blocks.length === 0 && this.#queue.length === 0;
  }

  append(chunk: Chunk): void {
    for (let start = 0; start < chunk.text.length; start += SLICE_CHARACTERS) {
      this.#queue.push({ ...chunk, text: chunk.text.slice(start, start + SLICE_CHARACTERS) });
    }
    this.#schedule();
  }

  addHeading(heading: string): void {
    this.#queue.push({ heading });
    this.#schedule();
  }

  clear(): void {
    if (this.#scheduled !== null) clearTimeout(this.#scheduled);
    this.#scheduled = null;
    this.#queue = [];
    this.#screen = new Screen(this.bounds);
    this.#unshown = 0;
    this.#revealed = FLOOD_BLOCKS;
    this.#isWhole = true;
    this.blocks = [];
    this.hidden = 0;
    this.isBehind = false;
  }

  #schedule(): void {
    this.isBehind = true;
    if (this.#scheduled !== null) return;
    const since = performance.now() - this.#shownAt;
    if (since >= FRAME_MS) this.#work();
    // A timer also runs where nothing is painted, in a page that is not looked at.
    else this.#scheduled = setTimeout(() => this.#work(), FRAME_MS - since);
  }

  #work(): void {
    this.#scheduled = null;
    const begun = performance.now();
    let taken = 0;
    while (taken < this.#queue.length && performance.now() - begun < SLICE_MS) {
      const entry = this.#queue[taken++];
      if ('heading' in entry) this.#screen.addHeading(entry.heading);
      else {
        this.#screen.write(entry.stream, entry.text, entry.at);
        this.#unshown += entry.text.length;
      }
    }
    this.#queue.splice(0, taken);
    const isFlood = this.#queue.length > 0 || this.#unshown > FLOOD_CHARACTERS;
    if (!isFlood || begun - this.#shownAt >= FLOOD_FRAME_MS) this.#show(isFlood);
    this.isBehind = this.#queue.length > 0 || this.#unshown > 0 || !this.#isWhole;
    if (this.isBehind) this.#scheduled = setTimeout(() => this.#work(), FRAME_MS);
  }

  #show(isFlood: boolean): void {
    const blocks = this.#screen.blocks();
    this.#revealed = isFlood ? FLOOD_BLOCKS : this.#revealed + REVEALED_BLOCKS;
    this.#isWhole = this.#revealed >= blocks.length;
    this.#revealed = Math.min(this.#revealed, Math.max(blocks.length, FLOOD_BLOCKS));
    this.blocks = this.#isWhole ? blocks : blocks.slice(-this.#revealed);
    this.hidden = this.#screen.hiddenCharacters;
    this.#shownAt = performance.now();
    this.#unshown = 0;
  }
}
