/** The terminal of an execution over a WebSocket: its events, and what is typed and resized. */
import { access } from '#lib/api/access.ts';
import { apiUrl } from '#lib/api/address.ts';
import type { ExecutionEvent } from '#lib/api/events.ts';
import { Problem } from '#lib/api/problem.ts';

const RETRY_MS = [250, 500, 1000, 2000, 5000];
// The server takes no longer message.
const MESSAGE_BYTES_MAX = 32 * 1024;

interface Message {
  type: string;
  sequence: number;
  data: Record<string, unknown>;
}

export class TerminalLink {
  #socket: WebSocket | null = null;
  #last = 0;
  /** The last size that was asked for, told to each new connection. */
  #size: { rows: number; columns: number } | null = null;
  /** What was typed before there was a connection. */
  #typed: Uint8Array<ArrayBuffer>[] = [];

  constructor(
    private readonly id: string,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => this.#socket?.close(), { once: true });
  }

  write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    for (let start = 0; start < bytes.length; start += MESSAGE_BYTES_MAX) {
      const part = bytes.slice(start, start + MESSAGE_BYTES_MAX);
      if (this.#isOpen) this.#socket!.send(part);
      else this.#typed.push(part);
    }
  }

  /** What Ctrl+D does in a terminal. */
  close(): void {
    this.write('\u0004');
  }

  resize(rows: number, columns: number): void {
    this.#size = { rows, columns };
    if (this.#isOpen) this.#tell({ type: 'resize', rows, columns });
  }

  /** Yield events until the execution is finished, over as many connections as it takes. */
  async *events(): AsyncGenerator<ExecutionEvent> {
    for (let failures = 0; !this.signal.aborted; failures++) {
      for await (const message of this.#connection()) {
        failures = 0;
        if (message.type === 'problem') {
          throw new Problem(Number(message.data.status ?? 0), message.data);
        }
        this.#last = message.sequence;
        yield { sequence: message.sequence, kind: message.type, data: message.data };
        if (message.type === 'finished') return;
      }
      const ms = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
      if (!this.signal.aborted) await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }

  get #isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  async *#connection(): AsyncGenerator<Message> {
    const token = await access.token();
    if (this.signal.aborted) return;
    const address = new URL(
      apiUrl(`/executions/${this.id}/terminal`, { after: this.#last }),
      location.href,
    );
    address.protocol = address.protocol.replace('http', 'ws');
    // A browser's WebSocket sends no header of its own, but it names protocols.
    const socket = new WebSocket(address, [
      'runyard',
      ...(token ? [`runyard.bearer.${token}`] : []),
    ]);
    this.#socket = socket;
    const received: Message[] = [];
    let isOver = false;
    let wake = () => {};
    socket.onopen = () => this.#greet();
    socket.onmessage = (event) => {
      received.push(JSON.parse(event.data as string));
      wake();
    };
    socket.onclose = () => {
      isOver = true;
      wake();
    };
    try {
      for (;;) {
        while (received.length > 0) yield received.shift()!;
        if (isOver) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      socket.close();
    }
  }

  #greet(): void {
    if (this.#size) this.#tell({ type: 'resize', ...this.#size });
    for (const part of this.#typed.splice(0)) this.#socket!.send(part);
  }

  #tell(message: unknown): void {
    this.#socket!.send(JSON.stringify(message));
  }
}
