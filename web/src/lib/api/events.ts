/** Follows an execution as it happens, over server-sent events that survive broken connections. */
import { send } from '#lib/api/client.ts';
import { Problem } from '#lib/api/problem.ts';

export interface ExecutionEvent {
  sequence: number;
  kind: string;
  data: Record<string, unknown>;
}

const RETRY_MS = [250, 500, 1000, 2000, 5000];

/** Yield numbered events behind `after` until the execution is finished, or `signal` says enough. */
export async function* follow(
  id: string,
  { after = 0, signal }: { after?: number; signal?: AbortSignal } = {},
): AsyncGenerator<ExecutionEvent> {
  let last = after;
  for (let failures = 0; ; failures++) {
    try {
      const response = await send('GET', `/executions/${id}/events`, {
        query: { after: last },
        signal,
      });
      if (response.status === 204 || response.body === null) return;
      for await (const event of parse(response.body)) {
        failures = 0;
        last = event.sequence;
        yield event;
        if (event.kind === 'finished') return;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof Problem && error.status !== 0 && error.status < 500) throw error;
    }
    if (signal?.aborted) return;
    await pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)], signal);
  }
}

/** Read server-sent events off a body; comments are left out. */
export async function* parse(body: ReadableStream<Uint8Array>): AsyncGenerator<ExecutionEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseBlock(block);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function parseBlock(block: string): ExecutionEvent | null {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2));
  }
  const data = fields.get('data');
  if (data === undefined) return null;
  return {
    sequence: Number(fields.get('id') ?? 0),
    kind: fields.get('event') ?? 'message',
    data: JSON.parse(data),
  };
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
