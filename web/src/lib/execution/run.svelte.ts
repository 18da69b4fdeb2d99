/** One program that runs, from the click to the end, with all it prints. */
import { api } from '#lib/api/client.ts';
import { type ExecutionEvent, follow } from '#lib/api/events.ts';
import { Problem } from '#lib/api/problem.ts';
import { TerminalLink } from '#lib/api/terminal.ts';
import type { ExecutionAnswer, StepAnswer, TestBody } from '#lib/api/types.ts';
import { Log } from '#lib/execution/log.svelte.ts';
import { recallRun, rememberRun } from '#lib/execution/remembered.ts';
import { type StepDescription, Transcript } from '#lib/execution/transcript.ts';

export type Phase =
  'idle' | 'submitting' | 'queued' | 'starting' | 'compiling' | 'running' | 'finished' | 'refused';

export interface Context {
  /** Paths of the files that run, for links from output to them. */
  files?: readonly string[];
  /** The cases that run, to tell what was expected. */
  tests?: readonly TestBody[];
  /** Where this run is found again after a reload: a project's id, or the name of a draft. */
  place?: string;
}

const ACTIVE: ReadonlySet<Phase> = new Set([
  'submitting',
  'queued',
  'starting',
  'compiling',
  'running',
]);

// What an attached run tells within this time was printed before anybody looked.
const PAST_MS = 500;

export class Run {
  phase = $state<Phase>('idle');
  execution = $state.raw<ExecutionAnswer | null>(null);
  /** Why it was refused, or why its end could not be read. */
  problem = $state.raw<Problem | null>(null);
  /** Steps that have begun, those that ended with what became of them. */
  steps = $state.raw<readonly StepDescription[]>([]);
  isStopping = $state(false);
  /** Whether its stdin was closed from here. */
  isInputClosed = $state(false);
  files = $state.raw<readonly string[]>([]);
  tests = $state.raw<readonly TestBody[]>([]);
  /** When it was begun, or found again, by `performance.now()`. */
  beganAt = $state(0);
  /** What it printed, for showing. */
  readonly log = new Log();
  /** What it printed, whole. */
  readonly transcript = new Transcript(this.log);
  #current = new AbortController();
  #link: TerminalLink | null = null;
  #wantsStop = false;

  get isActive(): boolean {
    return ACTIVE.has(this.phase);
  }

  get isInteractive(): boolean {
    return this.execution?.interactive ?? false;
  }

  get hasTerminal(): boolean {
    return (this.execution?.terminal ?? null) !== null;
  }

  /** Submit and follow to the end; never throws. A former run is no longer followed. */
  async start(submit: () => Promise<ExecutionAnswer>, context: Context = {}): Promise<void> {
    const signal = this.#begin(context);
    this.phase = 'submitting';
    let execution: ExecutionAnswer;
    try {
      execution = await submit();
    } catch (error) {
      if (!signal.aborted) this.#refuse(error);
      return;
    }
    if (context.place) rememberRun(context.place, execution.id);
    if (signal.aborted) return;
    await this.#takeOver(execution, signal, true);
  }

  /** Show an execution from its first event on, also one that goes on or has long ended. */
  async attach(id: string, context: Context = {}): Promise<void> {
    const signal = this.#begin(context);
    this.phase = 'submitting';
    let execution: ExecutionAnswer;
    try {
      execution = await api.get<ExecutionAnswer>(`/executions/${id}`, {}, signal);
    } catch (error) {
      if (!signal.aborted) this.#refuse(error);
      return;
    }
    if (!signal.aborted) await this.#takeOver(execution, signal, false);
  }

  /** Attach to what was begun last in this place, if it is still known. */
  async resume(place: string, context: Context = {}): Promise<void> {
    const id = recallRun(place);
    if (id === null || this.phase !== 'idle') return;
    await this.attach(id, { ...context, place });
    // Old runs are cleared by the server; that is nothing to tell.
    if (this.problem?.status === 404) this.clear();
  }

  /** Ask for the end. */
  async stop(): Promise<void> {
    if (!this.isActive || this.isStopping) return;
    this.isStopping = true;
    if (this.execution === null) {
      this.#wantsStop = true;
      return;
    }
    await this.#cancel(this.execution.id);
  }

  /** Write to the stdin of an interactive one; `eof` closes it. */
  async send(text: string, { eof = false }: { eof?: boolean } = {}): Promise<void> {
    if (this.execution === null || !this.isActive) return;
    if (this.hasTerminal && this.#link) {
      this.#link.write(text);
      if (eof) this.#link.close();
      return;
    }
    if (text) this.transcript.echo(text);
    if (eof) this.isInputClosed = true;
    await api.post(`/executions/${this.execution.id}/stdin`, { data: text, eof });
  }

  /** Tell the program how large its terminal is. */
  resize(rows: number, columns: number): void {
    this.#link?.resize(rows, columns);
  }

  /** Show nothing, as before the first run. What runs goes on. */
  clear(): void {
    this.#begin({});
    this.phase = 'idle';
  }

  #begin(context: Context): AbortSignal {
    this.#current.abort();
    this.#current = new AbortController();
    this.#link = null;
    this.#wantsStop = false;
    this.execution = null;
    this.problem = null;
    this.steps = [];
    this.isStopping = false;
    this.isInputClosed = false;
    this.files = context.files ?? [];
    this.tests = context.tests ?? [];
    this.beganAt = performance.now();
    this.transcript.clear();
    return this.#current.signal;
  }

  #refuse(error: unknown): void {
    this.problem =
      error instanceof Problem ? error : new Problem(0, { code: 'broken', detail: String(error) });
    this.phase = 'refused';
  }

  async #takeOver(execution: ExecutionAnswer, signal: AbortSignal, isLive: boolean) {
    this.execution = execution;
    if (execution.state === 'finished' && isLive) return this.#conclude(execution, signal);
    this.phase = execution.state === 'finished' ? 'submitting' : execution.state;
    if (this.#wantsStop) void this.#cancel(execution.id);
    this.transcript.isLive = isLive;
    try {
      for await (const event of this.#events(execution, signal)) {
        this.transcript.isLive ||= performance.now() - this.beganAt > PAST_MS;
        this.#receive(event);
      }
    } catch (error) {
      if (!signal.aborted) this.#refuse(error);
      return;
    }
    if (!signal.aborted) await this.#conclude(null, signal);
  }

  #events(execution: ExecutionAnswer, signal: AbortSignal): AsyncIterable<ExecutionEvent> {
    if (execution.terminal === null || execution.state === 'finished') {
      return follow(execution.id, { signal });
    }
    this.#link = new TerminalLink(execution.id, signal);
    return this.#link.events();
  }

  #receive(event: ExecutionEvent): void {
    this.transcript.note(event.sequence);
    const data = event.data;
    switch (event.kind) {
      case 'state':
        this.#receiveState(data);
        break;
      case 'step_started':
        this.#beginStep(data.kind as StepAnswer['kind'], String(data.name));
        break;
      case 'output':
        this.transcript.add(data);
        break;
      case 'step_finished':
        this.#endStep(data as unknown as StepDescription);
        break;
    }
  }

  #receiveState(data: Record<string, unknown>): void {
    const state = data.state as ExecutionAnswer['state'];
    if (state === 'queued' && Number(data.attempt) > 0) {
      // The attempt was lost; another one begins with nothing.
      this.steps = [];
      this.transcript.clear();
    }
    if (state !== 'finished') this.phase = state;
  }

  #beginStep(kind: StepAnswer['kind'], name: string): void {
    this.steps = [...this.steps, { kind, name, isOver: false }];
    this.transcript.begin(kind, name);
    this.phase = kind === 'compile' ? 'compiling' : 'running';
  }

  #endStep(step: StepDescription): void {
    this.steps = [...this.steps.slice(0, -1), { ...step, isOver: true }];
  }

  /** Read what became of it; whole outputs come in place of what was missed. */
  async #conclude(known: ExecutionAnswer | null, signal: AbortSignal): Promise<void> {
    try {
      const id = this.execution!.id;
      const execution = known ?? (await api.get<ExecutionAnswer>(`/executions/${id}`, {}, signal));
      if (signal.aborted) return;
      if (this.transcript.isIncomplete(execution.steps)) this.transcript.replace(execution.steps);
      this.execution = execution;
      this.steps = execution.steps.map((step) => ({ ...step, isOver: true }));
    } catch (error) {
      if (signal.aborted) return;
      this.problem = error instanceof Problem ? error : null;
    }
    this.isStopping = false;
    this.phase = 'finished';
  }

  async #cancel(id: string): Promise<void> {
    try {
      await api.post(`/executions/${id}/cancel`);
    } catch (error) {
      this.isStopping = false;
      if (error instanceof Problem) this.problem = error;
    }
  }
}
