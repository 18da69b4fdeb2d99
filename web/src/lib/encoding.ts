/** Contents as the API carries them: text where they are UTF-8, base64 where they are not. */
export type Encoding = 'utf-8' | 'base64';

export function toBytes(content: string, encoding: Encoding): Uint8Array<ArrayBuffer> {
  if (encoding === 'utf-8') return new TextEncoder().encode(content);
  return Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
}

/** The text of a whole; what is no UTF-8 becomes replacement characters. */
export function toText(content: string, encoding: Encoding): string {
  return encoding === 'utf-8' ? content : new TextDecoder().decode(toBytes(content, encoding));
}

export function toBase64(bytes: Uint8Array): string {
  // Functions take a limited number of arguments.
  const CHUNK = 8192;
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}
