import { expect, test } from 'vitest';
import { toBase64, toBytes, toText } from '#lib/encoding.ts';

test('bytes stay what they are', () => {
  expect([...toBytes('4oKs/wo=', 'base64')]).toEqual([0xe2, 0x82, 0xac, 0xff, 10]);
  expect([...toBytes('€', 'utf-8')]).toEqual([0xe2, 0x82, 0xac]);

  const many = Uint8Array.from({ length: 100_000 }, (_, index) => index);
  expect(toBytes(toBase64(many), 'base64')).toEqual(many);
});

test('bytes that are no text become replacement characters, also at the end', () => {
  expect(toText('4oKs/wo=', 'base64')).toBe('€�\n');
  expect(toText(toBase64(new Uint8Array([97, 0xe2, 0x82])), 'base64')).toBe('a�');
  expect(toText('=', 'utf-8')).toBe('=');
});
