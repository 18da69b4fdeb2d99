/** One's own projects: made, brought, renamed, thrown away, taken back, deleted, taken along. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, unzipSync, zipSync } from 'fflate';
import type { Page } from '@playwright/test';
import { expect, expectAccessible, test } from './fixtures.ts';
import { lookAt } from './looks.ts';
import { call, logIn, type Person, signUp, tokenOf } from './people.ts';

const MAIN = { path: 'main.py', content: 'print(1)\n' };

async function makeProject(person: Person, name: string): Promise<string> {
  const body = { name, setup: { runtime: 'python' }, files: [MAIN] };
  const answer = await call('POST', '/projects', body, await tokenOf(person));
  return (answer.project as { id: string }).id;
}

async function choose(page: Page, project: string, action: string): Promise<void> {
  await page.getByRole('button', { name: `Actions on ${project}` }).click();
  await page.getByRole('menuitem', { name: action }).click();
}

async function filesOf(page: Page, person: Person): Promise<string[]> {
  const id = new URL(page.url()).pathname.split('/').at(-1);
  const token = await tokenOf(person);
  const answer = await call('GET', `/projects/${id}/revisions/1?contents=true`, undefined, token);
  return (answer.files as { path: string }[]).map(({ path }) => path);
}

test('a project is made, renamed, thrown away, taken back and deleted', async ({ page }) => {
  const person = await signUp();
  await logIn(page, person);
  await page.goto('/projects');
  await expect(page.getByText('You have no projects yet.')).toBeVisible();
  await page.getByRole('button', { name: 'New project' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('First <b>try</b>');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(page).toHaveURL(/\/projects\/\w+$/);
  expect(await filesOf(page, person)).toEqual(['main.py']);

  await page.goto('/projects');
  await choose(page, 'First <b>try</b>', 'Rename…');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Second try');
  await dialog.getByRole('textbox', { name: 'Description' }).fill('About something');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('link', { name: 'Second try' })).toBeVisible();
  await expect(page.getByText('About something')).toBeVisible();

  await choose(page, 'Second try', 'Throw away…');
  await expect(dialog).toContainText('stays in the trash for 30 days');
  await dialog.getByRole('button', { name: 'Throw away' }).click();
  await expect(page.getByText('You have no projects yet.')).toBeVisible();
  await page.getByRole('link', { name: 'Trash' }).click();
  await page.getByRole('button', { name: 'Take back' }).click();
  await expect(page.getByText('The trash is empty.')).toBeVisible();
  await page.goto('/projects');
  await expect(page.getByRole('link', { name: 'Second try' })).toBeVisible();

  await choose(page, 'Second try', 'Throw away…');
  await dialog.getByRole('button', { name: 'Throw away' }).click();
  await expect(dialog).toBeHidden();
  await page.goto('/projects?trash=true');
  await page.getByRole('button', { name: 'Delete…' }).click();
  await expect(dialog).toContainText('with its 1 file (');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await expect(page.getByText('The trash is empty.')).toBeVisible();
  const left = await call('GET', '/projects?trash=true', undefined, await tokenOf(person));
  expect(left.items).toEqual([]);
});

test.describe('what is refused', () => {
  test.use({ expectedMessages: [/status of 422/] });

  test('a name that is too long is told of beside its field', async ({ page }) => {
    await logIn(page, await signUp());
    await page.goto('/projects');
    await page.getByRole('button', { name: 'New project' }).click();
    const name = page.getByRole('dialog').getByRole('textbox', { name: 'Name' });
    await name.fill('x'.repeat(101));
    await page.getByRole('button', { name: 'Create' }).click();
    await expect(name).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByRole('dialog')).toContainText('1 to 100 printable characters');
  });
});

test('the list is searched, and the address keeps the search', async ({ page }) => {
  const person = await signUp();
  await makeProject(person, 'Prime numbers');
  await makeProject(person, 'Word counter');
  await logIn(page, person);
  await page.goto('/projects');
  await page.getByRole('searchbox').fill('prime');
  await expect(page.getByRole('link', { name: 'Word counter' })).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('link', { name: 'Prime numbers' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Word counter' })).toHaveCount(0);
  await page.getByRole('searchbox').fill('nothing');
  await expect(page.getByText('No project matches “nothing”.')).toBeVisible();
});

test('a project is taken along as an archive', async ({ page }) => {
  const person = await signUp();
  await makeProject(person, 'Prime numbers');
  await logIn(page, person);
  await page.goto('/projects');
  const downloading = page.waitForEvent('download');
  await choose(page, 'Prime numbers', 'Download as ZIP');
  const file = await downloading;
  expect(file.suggestedFilename()).toBe('Prime numbers-1.zip');
  expect(Object.keys(unzipSync(readFileSync(await file.path())))).toEqual(['main.py']);
});

test('an archive becomes a project', async ({ page }) => {
  const person = await signUp();
  await logIn(page, person);
  await page.goto('/projects');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByText('At most 200 files')).toBeVisible();
  await dialog.getByLabel('ZIP archive').setInputFiles({
    name: 'notes.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('x'),
  });
  await expect(dialog.getByText('notes.txt is no ZIP archive')).toBeVisible();
  const archive = zipSync({ 'shop/main.py': strToU8('print(2)'), 'shop/lib/a.py': strToU8('') });
  await dialog.getByLabel('ZIP archive').setInputFiles({
    name: 'shop.zip',
    mimeType: 'application/zip',
    buffer: Buffer.from(archive),
  });
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue('shop');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page).toHaveURL(/\/projects\/\w+$/);
  expect(await filesOf(page, person)).toEqual(['lib/a.py', 'main.py']);
});

test('a folder becomes a project, without what tools left in it', async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), 'runyard-import-'));
  try {
    mkdirSync(join(folder, 'shop', '.git'), { recursive: true });
    mkdirSync(join(folder, 'shop', 'lib'));
    writeFileSync(join(folder, 'shop', 'Main.java'), 'class Main {}');
    writeFileSync(join(folder, 'shop', 'lib', 'data.bin'), Buffer.from([0xff, 0x00]));
    writeFileSync(join(folder, 'shop', '.git', 'config'), 'secret');
    const person = await signUp();
    await logIn(page, person);
    await page.goto('/projects');
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByText('At most 200 files')).toBeVisible();
    await dialog.getByLabel('Folder').setInputFiles(join(folder, 'shop'));
    await expect(dialog.getByText('1 file of tools and version control left out')).toBeVisible();
    await expect(dialog.getByLabel('Language')).toHaveValue('java');
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await expect(page).toHaveURL(/\/projects\/\w+$/);
    expect(await filesOf(page, person)).toEqual(['Main.java', 'lib/data.bin']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.describe('everybody is suited by', () => {
  test.beforeEach(async ({ page }) => {
    const person = await signUp();
    await makeProject(person, 'A project with a name that goes on and on and does not end soon');
    await logIn(page, person);
  });

  test('the list', async ({ page }) => lookAt(page, '/projects'));

  test('the trash', async ({ page }) => lookAt(page, '/projects?trash=true'));

  test('the dialogue that shares one', async ({ page }) => {
    await lookAt(page, '/projects', async () => {
      await page.getByRole('button', { name: /^Actions on/ }).click();
      await page.getByRole('menuitem', { name: 'Share…' }).click();
      await page.getByRole('radio', { name: /^Public/ }).check();
    });
  });
});
