/** By keys alone: a project is shared, and somebody else makes it his own. */
import type { Page } from '@playwright/test';
import { editorOf, outputOf } from './bench.ts';
import { expect, expectAccessible, test } from './fixtures.ts';
import { tabTo } from './keys.ts';
import { call, logIn, type Person, signUp, tokenOf } from './people.ts';

async function makeProject(person: Person): Promise<string> {
  const body = {
    name: 'Greeting',
    setup: { runtime: 'python' },
    files: [{ path: 'main.py', content: 'print("greetings")\n' }],
  };
  const { project } = await call('POST', '/projects', body, await tokenOf(person));
  return (project as { id: string }).id;
}

function dialogOf(page: Page, name: string | RegExp) {
  return page.getByRole('dialog', { name });
}

test('share a project and take its link', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const owner = await signUp();
  const project = await makeProject(owner);
  await logIn(page, owner);
  await page.goto(`/projects/${project}`);
  await expect(editorOf(page)).toBeVisible();
  await page.keyboard.press('Control+Alt+2');
  await page.keyboard.press('Control+K');
  await expect(dialogOf(page, 'Commands and files')).toBeVisible();
  await page.keyboard.type('share');
  await page.keyboard.press('Enter');

  const dialog = dialogOf(page, 'Share Greeting');
  await expect(dialog.getByRole('radio', { name: /^Private/ })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(dialog.getByRole('radio', { name: /^Public/ })).toBeChecked();
  await page.keyboard.press('Tab');
  await expect(dialog.getByRole('textbox', { name: 'Tags' })).toBeFocused();
  await page.keyboard.type('greetings');
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('textbox', { name: 'Link' })).toHaveValue(
    new RegExp(`/shared/${project}$`),
  );
  await tabTo(page, dialog.getByRole('button', { name: 'Copy link' }));
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('button', { name: 'Copied' })).toBeFocused();
  await expectAccessible(page);
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(`${new URL(page.url()).origin}/shared/${project}`);

  // The focus does not leave the dialogue, and goes back to where it came from.
  await tabTo(page, dialog.getByRole('radio', { name: /^Public/ }));
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(editorOf(page)).toBeFocused();
  await page.keyboard.press('Control+Enter');
  await expect(outputOf(page).getByText('greetings')).toBeVisible();
});

test('fork a project from the page that shows it', async ({ page }) => {
  const owner = await signUp();
  const project = await makeProject(owner);
  const token = await tokenOf(owner);
  await call('PATCH', `/projects/${project}/sharing`, { visibility: 'public' }, token);
  const reader = await signUp();
  await logIn(page, reader);
  await page.goto(`/shared/${project}`);

  await tabTo(page, page.getByRole('button', { name: 'Embed' }));
  await page.keyboard.press('Enter');
  await expect(dialogOf(page, 'Embed Greeting')).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Embed' })).toBeFocused();
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('region', { name: 'Output' })).toContainText('greetings');
  await page.keyboard.press('Control+Home');
  await tabTo(page, page.getByRole('button', { name: 'Fork' }));
  await page.keyboard.press('Enter');

  await expect(page).toHaveURL(/\/projects\/\w+$/);
  await expect(page).not.toHaveURL(new RegExp(project));
  await expect(editorOf(page)).toBeVisible();
  await page.keyboard.press('Control+Alt+2');
  await expect(editorOf(page)).toBeFocused();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('print("my own")');
  await page.keyboard.press('Control+Enter');
  await expect(outputOf(page).getByText('my own')).toBeVisible();
});
