/** Programs that journeys run, over the API where submitting is not what is tested. */
import { expect, type Page } from '@playwright/test';
import { call, logIn, signUp, tokenOf } from './people.ts';

/** Submit a program, as a guest where there is no token, and return the execution's id. */
export async function submit(
  runtime: string,
  files: Record<string, string>,
  more: Record<string, unknown> = {},
  token?: string,
): Promise<string> {
  const request = {
    runtime,
    files: Object.entries(files).map(([path, content]) => ({ path, content })),
    ...more,
  };
  const answer = await call('POST', '/executions', request, token);
  return answer.id as string;
}

/** Submit a program of one file in Python and open the page of its run. */
export async function openRun(
  page: Page,
  program: string,
  more: Record<string, unknown> = {},
): Promise<void> {
  const id = await submit('python', { 'main.py': program }, more);
  await page.goto(`/runs/${id}`);
}

/** The same for a program that waits for people: an account has more time than a guest. */
export async function openLongRun(
  page: Page,
  program: string,
  more: Record<string, unknown> = {},
): Promise<void> {
  const person = await signUp();
  await logIn(page, person);
  const limits = { wall_seconds: 60, cpu_seconds: 60 };
  const token = await tokenOf(person);
  const id = await submit('python', { 'main.py': program }, { limits, ...more }, token);
  await page.goto(`/runs/${id}`);
}

export async function expectEnding(page: Page, ending: string | RegExp): Promise<void> {
  await expect(page.getByRole('status').filter({ hasText: /^Finished/ })).toHaveText(ending);
}
