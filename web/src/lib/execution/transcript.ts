/** All that a run printed and was told, piece by piece, in the order in which it was seen. */
import type { StepAnswer } from '#lib/api/types.ts';
import type { Encoding } from '#lib/encoding.ts';
import { decodeOutput, StreamDecoder } from '#lib/execution/decoding.ts';
import type { Chunk, Log } from '#lib/execution/log.svelte.ts';
import type { Stream } from '#lib/execution/screen.ts';

export type StepDescription = Pick<StepAnswer, 'kind' | 'name'> &
  Partial<Omit<StepAnswer, 'stdout' | 'stderr' | 'stdout_encoding' | 'stderr_encoding'>> & {
    isOver: boolean;
  };

// Events of each further attempt begin at the next million.
const ATTEMPT_EVENTS = 1_000_000;

export type Listener = (chunk: Chunk) => void;

export class Transcript {
  readonly chunks: Chunk[] = [];
  /** Whether what comes is printed at this moment. */
  isLive = true;
  #step = -1;
  #sequence = 0;
  #hasGap = false;
  #hasEvents = false;
  #heading: string | null = null;
  #decoders = { stdout: new StreamDecoder(), stderr: new StreamDecoder() };
  #listeners = new Set<Listener>();

  constructor(private readonly log: Log) {}

  /** Hear of every piece, past ones first; returns what ends it. */
  listen(listener: Listener): () => void {
    this.chunks.forEach(listener);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keep count of the events: the server drops output that nobody read in time. */
  note(sequence: number): void {
    const isNextAttempt = sequence % ATTEMPT_EVENTS === 1;
    if (sequence !== this.#sequence + 1 && !isNextAttempt) this.#hasGap = true;
    this.#sequence = sequence;
    this.#hasEvents = true;
  }

  begin(kind: StepAnswer['kind'], name: string): void {
    this.#step++;
    this.#decoders = { stdout: new StreamDecoder(), stderr: new StreamDecoder() };
    if (kind === 'compile') this.#heading = 'Compiler';
    else if (kind === 'test') this.#heading = name;
    else this.#heading = this.chunks.length > 0 ? 'Program' : null;
  }

  add(data: Record<string, unknown>): void {
    const stream = data.stream === 'stderr' ? 'stderr' : 'stdout';
    const text = this.#decoders[stream].read(String(data.text), data.encoding as Encoding);
    this.#keep(stream, text);
  }

  /** Show what was typed, as a terminal would. */
  echo(text: string): void {
    this.#keep('stdin', text);
  }

  /** Whether more was printed than was seen. */
  isIncomplete(steps: readonly StepAnswer[]): boolean {
    return this.#hasGap || (!this.#hasEvents && steps.some((step) => step.stdout || step.stderr));
  }

  /** Take what the server kept of each step; the order of the two streams is lost with that. */
  replace(steps: readonly StepAnswer[]): void {
    this.clear();
    this.isLive = false;
    for (const step of steps) {
      this.begin(step.kind, step.name);
      this.#keep('stdout', decodeOutput(step.stdout, step.stdout_encoding));
      this.#keep('stderr', decodeOutput(step.stderr, step.stderr_encoding));
    }
  }

  /** As a file. */
  text(): string {
    return this.chunks.map((chunk) => chunk.text).join('');
  }

  clear(): void {
    this.chunks.length = 0;
    this.isLive = true;
    this.#step = -1;
    this.#sequence = 0;
    this.#hasGap = this.#hasEvents = false;
    this.#heading = null;
    this.#decoders = { stdout: new StreamDecoder(), stderr: new StreamDecoder() };
    this.log.clear();
  }

  #keep(stream: Stream, text: string): void {
    if (!text) return;
    if (this.#heading !== null) this.log.addHeading(this.#heading);
    this.#heading = null;
    const at = this.isLive ? Date.now() : null;
    const chunk = { stream, text, step: Math.max(0, this.#step), at };
    this.chunks.push(chunk);
    this.log.append(chunk);
    for (const listener of this.#listeners) listener(chunk);
  }
}
