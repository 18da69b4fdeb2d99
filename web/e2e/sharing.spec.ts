/** One person publishes; others find it, read it, run it, star it and copy it, until it is private. */
import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { expect, expectAccessible, test } from './fixtures.ts';
import { lookAt } from './looks.ts';
import { call, logIn, type Person, signUp, tokenOf } from './people.ts';

const FILES = [
  { path: 'main.py', content: 'import tools\nprint(tools.double(int(input())))\n' },
  { path: 'tools.py', content: 'def double(n):\n    return 2 * n\n' },
  { path: 'picture.bin', content: '/wA=', encoding: 'base64' },
];

interface Made {
  id: string;
  name: string;
}

async function makeProject(person: Person, name = `Doubling ${Date.now()}`): Promise<Made> {
  const body = {
    name,
    description: 'It doubles.\n<script>alert(1)</script>',
    setup: { runtime: 'python', stdin: '21\n' },
    files: FILES,
  };
  const answer = await call('POST', '/projects', body, await tokenOf(person));
  return { id: (answer.project as { id: string }).id, name };
}

async function share(person: Person, project: Made, visibility: string): Promise<string> {
  const body = { visibility, tags: ['doubling'] };
  const token = await tokenOf(person);
  const answer = await call('PATCH', `/projects/${project.id}/sharing`, body, token);
  return (answer.link ?? project.id) as string;
}

async function openShare(page: Page, project: Made): Promise<void> {
  await page.goto('/projects');
  await page.getByRole('button', { name: `Actions on ${project.name}` }).click();
  await page.getByRole('menuitem', { name: 'Share…' }).click();
}

test.describe('a shared project', () => {
  // It answers so once it is private.
  test.use({ expectedMessages: [/status of 404/] });

  test('is published, found, read, run, starred and copied, and then it is gone', async ({
    page,
    browser,
  }) => {
    const owner = await signUp();
    const project = await makeProject(owner);
    await logIn(page, owner);
    await openShare(page, project);
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByRole('radio', { name: /^Private/ })).toBeChecked();
    await dialog.getByRole('radio', { name: /^Public/ }).check();
    await dialog.getByRole('textbox', { name: 'Tags' }).fill('Doubling, numbers');
    await dialog.getByRole('button', { name: 'Save' }).click();
    const link = dialog.getByRole('textbox', { name: 'Link' });
    await expect(link).toHaveValue(new RegExp(`/shared/${project.id}$`));
    await expect(dialog.getByRole('textbox', { name: 'Code to show it' })).toHaveValue(
      new RegExp(`<iframe src="[^"]*/embed/${project.id}\\?theme=auto"`),
    );
    await expectAccessible(page);

    const reader = await signUp();
    const context = await browser.newContext({ baseURL: new URL(page.url()).origin });
    const other = await context.newPage();
    await logIn(other, reader);
    await other.goto('/gallery?tag=numbers');
    await other.getByRole('searchbox').fill(project.name);
    await other.getByRole('link', { name: project.name }).click();
    await expect(other).toHaveURL(new RegExp(`/shared/${project.id}`));
    await expect(other.getByRole('heading', { level: 1 })).toHaveText(project.name);
    await expect(other.getByText('<script>alert(1)</script>')).toBeVisible();
    await expect(other.getByRole('region', { name: 'Content of main.py' })).toContainText(
      'import tools',
    );
    await other.getByRole('tab', { name: 'tools.py' }).click();
    await expect(other.getByRole('region', { name: 'Content of tools.py' })).toContainText(
      'def double',
    );
    await expect(other).toHaveURL(/file=tools\.py/);
    await other.getByRole('tab', { name: 'tools.py' }).press('ArrowLeft');
    await expect(other.getByText('picture.bin is no text (2 bytes).')).toBeVisible();

    const output = other.getByRole('region', { name: 'Output' });
    await other.getByRole('button', { name: 'Run' }).click();
    await expect(output).toContainText('42');
    await other.getByText('Input', { exact: true }).click();
    await other.getByRole('textbox', { name: 'Input of the program' }).fill('5\n');
    await other.keyboard.press('Control+Enter');
    await expect(output).toContainText('10');

    await other.getByRole('button', { name: 'Star' }).click();
    await expect(other.getByRole('button', { name: 'Starred 1' })).toHaveAttribute(
      'aria-pressed',
      'true',
    );
    await other.reload();
    await other.getByRole('button', { name: 'Starred 1' }).click();
    await expect(other.getByRole('button', { name: 'Star 0' })).toBeVisible();

    await other.getByRole('button', { name: 'Fork' }).click();
    await expect(other).toHaveURL(/\/projects\/\w+$/);
    const copy = await call('GET', '/projects', undefined, await tokenOf(reader));
    expect(copy.items).toMatchObject([{ name: project.name, forked_from: project.id }]);

    await dialog.getByRole('radio', { name: /^Private/ }).check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(dialog.getByRole('textbox', { name: 'Link' })).toHaveCount(0);
    await other.goto(`/shared/${project.id}`);
    await expect(other.getByRole('heading', { level: 1 })).toHaveText('There is nothing here');
    const gone = await other.locator('main').innerText();
    await other.goto('/shared/01JZZZZZZZZZZZZZZZZZZZZZZZ');
    await expect(other.getByRole('heading', { level: 1 })).toHaveText('There is nothing here');
    expect(await other.locator('main').innerText()).toBe(gone);
    await context.close();
  });
});

test('an unlisted project is read by its link and by nothing else', async ({ page }) => {
  const owner = await signUp();
  const project = await makeProject(owner);
  const link = await share(owner, project, 'unlisted');
  await page.goto(`/shared/${link}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(project.name);
  await expect(page.locator('meta[name=robots]')).toHaveAttribute('content', 'noindex');
  await page.goto('/gallery');
  await page.getByRole('searchbox').fill(project.name);
  await expect(page.getByText(`Nothing matches “${project.name}”.`)).toBeVisible();
});

test('a guest reads, runs and takes along; to copy he logs in and comes back', async ({ page }) => {
  const owner = await signUp();
  const project = await makeProject(owner);
  await share(owner, project, 'public');
  await page.goto(`/shared/${project.id}`);
  await page.getByRole('button', { name: 'Run' }).click();
  await expect(page.getByRole('region', { name: 'Output' })).toContainText('42');
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download as ZIP' }).click();
  const archive = unzipSync(readFileSync(await (await downloading).path()));
  expect([...archive['picture.bin']!]).toEqual([0xff, 0x00]);

  await page.getByRole('button', { name: 'Fork' }).click();
  await expect(page).toHaveURL(/\/login\?next=/);
  await page.getByLabel('Name or e-mail address').fill(owner.name);
  await page.getByLabel('Password', { exact: true }).fill(owner.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page).toHaveURL(new RegExp(`/shared/${project.id}$`));
  await expect(page.getByRole('button', { name: 'Fork' })).toBeVisible();
});

test('the gallery has pages, and its filters are in the address', async ({ page }) => {
  const owner = await signUp();
  const word = `batch${Date.now()}`;
  const token = await tokenOf(owner);
  for (let count = 0; count < 25; count++) {
    const body = { name: `${word} ${count}`, setup: { runtime: 'python' } };
    const { project } = await call('POST', '/projects', body, token);
    const { id } = project as { id: string };
    await call('PATCH', `/projects/${id}/sharing`, { visibility: 'public' }, token);
  }
  await page.goto('/gallery');
  await page.getByRole('searchbox').fill(word);
  const cards = page.getByRole('article');
  await expect(cards).toHaveCount(24);
  await page.getByRole('link', { name: 'Next page' }).click();
  await expect(cards).toHaveCount(1);
  await expect(page).toHaveURL(/offset=24/);
  await page.reload();
  await expect(cards).toHaveCount(1);
  await page.getByRole('link', { name: 'Previous page' }).click();
  await expect(cards).toHaveCount(24);
  await page.getByLabel('Language').selectOption('Java');
  await expect(page.getByText(`Nothing matches “${word}”.`)).toBeVisible();
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect(page).toHaveURL(/\/gallery$/);
});

test.describe('everybody is suited by', () => {
  async function publish(): Promise<string> {
    const owner = await signUp();
    return share(owner, await makeProject(owner), 'public');
  }

  test('a project and what it printed', async ({ page }) => {
    await lookAt(page, `/shared/${await publish()}`, async () => {
      await page.getByRole('button', { name: 'Run' }).click();
      await expect(page.getByText('Succeeded', { exact: true })).toBeVisible();
    });
  });

  test('the code to embed it', async ({ page }) => {
    await lookAt(page, `/shared/${await publish()}`, () =>
      page.getByRole('button', { name: 'Embed' }).click(),
    );
  });

  test('the gallery', async ({ page }) => {
    await publish();
    await lookAt(page, '/gallery?q=Doubling');
  });

  test('an embedded project', async ({ page }) => {
    await lookAt(page, `/embed/${await publish()}`);
  });
});
