/** The server tests all runtimes after its start, one at a time; whatever is tried waits for them. */
import { expect } from '@playwright/test';
import { administrator, call, tokenOf } from './people.ts';

export const SELF_TESTS_MS = 180_000;

export async function awaitSelfTests(): Promise<void> {
  const token = await tokenOf(administrator);
  const untested = async () => {
    const { parts } = (await call('GET', '/admin/health', undefined, token)) as {
      parts: { name: string; values: Record<string, number> }[];
    };
    return parts.find((part) => part.name === 'toolchains')?.values.untested;
  };
  await expect.poll(untested, { timeout: SELF_TESTS_MS }).toBe(0);
}
