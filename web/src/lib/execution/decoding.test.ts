import { expect, test } from 'vitest';
import { decodeOutput, StreamDecoder } from '#lib/execution/decoding.ts';

function base64(...bytes: number[]): string {
  return btoa(String.fromCharCode(...bytes));
}

test('bytes that are no text become replacement characters', () => {
  expect(decodeOutput('4oKs/wo=', 'base64')).toBe('€�\n');
});

test('a character that is cut between two pieces is one character', () => {
  const decoder = new StreamDecoder();
  const pieces = [base64(0xff, 0xe2, 0x82), base64(0xac, 0xff)];
  expect(pieces.map((piece) => decoder.read(piece, 'base64')).join('')).toBe('�€�');
});

test('half a character in front of text is lost, not the text', () => {
  const decoder = new StreamDecoder();
  expect(decoder.read(base64(0xe2, 0x82), 'base64') + decoder.read('abc', 'utf-8')).toBe('�abc');
});
