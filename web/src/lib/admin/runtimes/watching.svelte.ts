/** A trial of a runtime as it goes on: whose turn it is, which step runs, and what it prints. */
import { send } from '#lib/api/client.ts';
import { parse, type ExecutionEvent } from '#lib/api/events.ts';
import { Problem } from '#lib/api/problem.ts';
import type {
  RunyardApiSchemasRuntimeAnswersTrialAnswer as TrialAnswer,
  TrialBody,
} from '#lib/api/types.ts';
import type { Encoding } from '#lib/encoding.ts';
import { StreamDecoder } from '#lib/execution/decoding.ts';

// What a page shows of a program that prints without end; the verdict has the rest.
const LOG_CHARACTERS_MAX = 100_000;

export class WatchedTrial {
  /** What happens now, in words. */
  progress = $state('');
  log = $state('');
  #decoders = new Map<string, StreamDecoder>();

  /** Follow it to its end. Throws a `Problem`, or what ends it by `signal`. */
  async follow(id: string, body: TrialBody, signal: AbortSignal): Promise<TrialAnswer> {
    this.progress = 'Sending it';
    const response = await send('POST', `/admin/runtimes/${id}/test`, {
      body,
      signal,
      accept: 'text/event-stream',
    });
    for await (const event of parse(response.body!)) {
      if (event.kind !== 'finished') {
        this.receive(event);
        continue;
      }
      const { trial, problem } = event.data as {
        trial?: TrialAnswer;
        problem?: { status: number };
      };
      if (trial) return trial;
      throw new Problem(problem?.status ?? 0, problem ?? {});
    }
    throw new Problem(0, {
      code: 'broken',
      detail: 'The server ended the test without a verdict.',
    });
  }

  receive({ kind, data }: ExecutionEvent): void {
    if (kind === 'state') {
      this.progress =
        data.state === 'queued' ? 'Waiting for its turn, and for its version' : 'Beginning';
    } else if (kind === 'step_started') {
      this.#decoders.clear();
      this.progress = data.kind === 'compile' ? 'Compiling' : 'Running';
    } else if (kind === 'output') {
      const stream = String(data.stream);
      const decoder = this.#decoders.get(stream) ?? new StreamDecoder();
      this.#decoders.set(stream, decoder);
      const text = decoder.read(String(data.text), data.encoding as Encoding);
      this.log = (this.log + text).slice(-LOG_CHARACTERS_MAX);
    }
  }
}
