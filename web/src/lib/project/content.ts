/** What a file holds: text that is edited, or bytes that are only carried. Never changed in place. */
import { Text } from '@codemirror/state';
import type { EntryAnswer, FileBody } from '#lib/api/types.ts';
import { toBase64, toBytes } from '#lib/encoding.ts';

export interface Content {
  /** Null for bytes that are no text. */
  doc: Text | null;
  base64: string | null;
  executable: boolean;
  /** Lines end as they did when the file was read. */
  isCrlf: boolean;
}

export function fromText(text: string, executable = false): Content {
  const isCrlf = text.includes('\r\n') && !/[^\r]\n/.test(text);
  return { doc: Text.of(text.split(/\r\n?|\n/)), base64: null, executable, isCrlf };
}

export function fromBase64(base64: string, executable = false): Content {
  return { doc: null, base64, executable, isCrlf: false };
}

export function fromBody(file: FileBody | EntryAnswer): Content {
  const content = file.content ?? '';
  return file.encoding === 'base64'
    ? fromBase64(content, file.executable)
    : fromText(content, file.executable);
}

export function textOf(content: Content): string {
  if (content.doc === null) return '';
  return content.doc.sliceString(0, content.doc.length, content.isCrlf ? '\r\n' : '\n');
}

export function bytesOf(content: Content): Uint8Array<ArrayBuffer> {
  return content.base64 === null
    ? toBytes(textOf(content), 'utf-8')
    : toBytes(content.base64, 'base64');
}

export function toBody(path: string, content: Content): FileBody {
  const body: FileBody =
    content.doc === null
      ? { path, content: content.base64 ?? '', encoding: 'base64' }
      : { path, content: textOf(content) };
  if (content.executable) body.executable = true;
  return body;
}

export function isSame(one: Content, other: Content): boolean {
  if (one === other) return true;
  if (one.executable !== other.executable || one.isCrlf !== other.isCrlf) return false;
  if (one.doc === null || other.doc === null)
    return one.doc === other.doc && one.base64 === other.base64;
  return one.doc === other.doc || one.doc.eq(other.doc);
}

/** The size of bytes that are no text. */
export function countBytes(content: Content): number {
  if (content.base64 === null) return bytesOf(content).length;
  const padding = content.base64.endsWith('==') ? 2 : content.base64.endsWith('=') ? 1 : 0;
  return (content.base64.length / 4) * 3 - padding;
}

/** Take in a file from the visitor's computer. */
export async function readUpload(file: Blob): Promise<Content> {
  return fromBytes(new Uint8Array(await file.arrayBuffer()));
}

export function fromBytes(bytes: Uint8Array): Content {
  try {
    if (!bytes.includes(0)) {
      return fromText(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    }
  } catch {
    // Not UTF-8: carried as it is.
  }
  return fromBase64(toBase64(bytes));
}
