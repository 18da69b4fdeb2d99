/** A shared project within a page of another site. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test as plain, expect } from '@playwright/test';
import { call, serverUrl, signUp, tokenOf } from './people.ts';

// The journeys' own rules do not fit: here a page of another origin is asked for on purpose.
const test = plain.extend<{ frame: (address: string) => Promise<string> }>({
  // eslint-disable-next-line no-empty-pattern
  frame: async ({}, use) => {
    const servers: Server[] = [];
    await use(async (address) => {
      const server = createServer((_, response) => {
        response.setHeader('Content-Type', 'text/html');
        response.end(
          `<!doctype html><title>Elsewhere</title><iframe src="${address}" title="Project" width="800" height="480"></iframe>`,
        );
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      // Another name than the server's, so that it is another site too.
      return `http://localhost:${(server.address() as AddressInfo).port}/`;
    });
    for (const server of servers) server.close();
  },
});

async function publish(visibility = 'public'): Promise<string> {
  const person = await signUp();
  const token = await tokenOf(person);
  const body = {
    name: 'Embedded <b>sum</b>',
    setup: { runtime: 'python' },
    files: [
      { path: 'main.py', content: 'print(40 + 2)' },
      { path: 'notes.txt', content: 'A note.' },
    ],
  };
  const answer = await call('POST', '/projects', body, token);
  const { id } = answer.project as { id: string };
  const shared = await call('PATCH', `/projects/${id}/sharing`, { visibility, tags: [] }, token);
  return (shared.link ?? id) as string;
}

test('a page of another site shows it, runs it and leads to it', async ({
  page,
  frame,
  context,
}) => {
  const key = await publish();
  await page.goto(await frame(`${serverUrl()}/embed/${key}?theme=dark`));
  const project = page.frameLocator('iframe');
  await expect(project.getByRole('heading', { level: 1 })).toHaveText('Embedded <b>sum</b>');
  await expect(project.getByRole('region', { name: 'Content of main.py' })).toContainText(
    'print(40',
  );
  await expect(project.locator('html')).toHaveAttribute('data-theme', 'dark');
  await project.getByRole('button', { name: 'Run' }).click();
  await expect(project.getByRole('region', { name: 'Output' })).toContainText('42');

  const opening = context.waitForEvent('page');
  await project.getByRole('link', { name: 'Open in Runyard' }).click();
  const opened = await opening;
  await expect(opened).toHaveURL(`${serverUrl()}/shared/${key}`);
  expect(await opened.evaluate(() => window.opener)).toBeNull();
});

test('the address says which file and which theme', async ({ page, frame }) => {
  const key = await publish('unlisted');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(await frame(`${serverUrl()}/embed/${key}?theme=light&amp;file=notes.txt`));
  const project = page.frameLocator('iframe');
  await expect(project.getByRole('region', { name: 'Content of notes.txt' })).toHaveText(
    /A note\./,
  );
  await expect(project.locator('html')).toHaveAttribute('data-theme', 'light');
});

test('no other page of the site can be framed', async ({ page, frame }) => {
  await page.goto(await frame(`${serverUrl()}/login`));
  // The browser shows an error of its own in its place.
  const inner = page.frames().find((each) => each !== page.mainFrame())!;
  await expect.poll(() => inner.url()).toMatch(/^chrome-error:/);
  await expect(inner.getByRole('heading', { name: 'Log in' })).toHaveCount(0);
});

test('what is not shared is not told apart from what is not there', async ({ page }) => {
  await page.goto(`${serverUrl()}/embed/NOSUCHKEY`);
  await expect(page.getByText('There is nothing here')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run' })).toHaveCount(0);
});
