/** Output that comes in pieces, as text. */
import { type Encoding, toBytes } from '#lib/encoding.ts';

/** Makes text of the pieces of one stream; a character may be cut between two of them. */
export class StreamDecoder {
  #decoder = new TextDecoder();

  read(text: string, encoding: Encoding): string {
    if (encoding === 'base64') {
      return this.#decoder.decode(toBytes(text, encoding), { stream: true });
    }
    // Text begins with a whole character, so what was left before it never becomes one.
    return this.#decoder.decode() + text;
  }
}

/** The text of output that may end within a character, which is left out then. */
export function decodeOutput(text: string, encoding: Encoding): string {
  return new StreamDecoder().read(text, encoding);
}
