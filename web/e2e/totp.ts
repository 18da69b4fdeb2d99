/** Codes of an authenticator (RFC 6238: SHA-1, six digits, 30 seconds), as a phone makes them. */
import { createHmac } from 'node:crypto';

const STEP_MS = 30_000;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * Each code works once, so an authenticator gives that of the step after the last one. The server
 * lets clocks differ by one step: that is two codes without any waiting.
 */
export class Authenticator {
  readonly #key: Buffer;
  #last = 0;

  constructor(secret: string) {
    this.#key = decode(secret);
  }

  next(): string {
    this.#last = Math.max(Math.floor(Date.now() / STEP_MS), this.#last + 1);
    return codeOf(this.#key, this.#last);
  }
}

function codeOf(key: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', key).update(counter).digest();
  const number = mac.readUInt32BE(mac[mac.length - 1] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

function decode(secret: string): Buffer {
  const bits = [...secret.replace(/[\s=]/g, '').toUpperCase()]
    .map((each) => BASE32.indexOf(each).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((each) => parseInt(each, 2)));
}
