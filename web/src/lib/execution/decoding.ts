/** Output as the API sends it: text where it is UTF-8, base64 where it is not. */
export type Encoding = 'utf-8' | 'base64';

export function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Makes text of the pieces of one stream; a character may be cut between two of them. */
export class StreamDecoder {
  #decoder = new TextDecoder();

  read(text: string, encoding: Encoding): string {
    if (encoding === 'base64') return this.#decoder.decode(decodeBase64(text), { stream: true });
    // Text begins with a whole character, so what was left before it never becomes one.
    return this.#decoder.decode() + text;
  }
}

/** The bytes of a whole output. */
export function encodeOutput(text: string, encoding: Encoding): Uint8Array {
  return encoding === 'base64' ? decodeBase64(text) : new TextEncoder().encode(text);
}

export function decodeOutput(text: string, encoding: Encoding): string {
  return new StreamDecoder().read(text, encoding);
}
