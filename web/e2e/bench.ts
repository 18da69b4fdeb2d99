/** What journeys do in the workbench, by its own fields, buttons and keys. */
import { expect, type Page } from '@playwright/test';

export function editorOf(page: Page) {
  return page.getByRole('textbox', { name: /^Code editor/ });
}

/** Replace the text of the open file as somebody who pastes it. */
export async function write(page: Page, text: string): Promise<void> {
  const editor = editorOf(page);
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
}

/** Make a file in the tree, in the folders its name says, and write it. */
export async function makeFile(page: Page, path: string, text: string): Promise<void> {
  // A new file goes beside the one that is chosen; the whole path is given at the top.
  await page.getByRole('tree', { name: 'Files' }).focus();
  await page.getByRole('treeitem').last().click();
  await page.getByRole('button', { name: 'New file' }).first().click();
  const name = page.getByRole('textbox', { name: 'Name of the new file' });
  await name.fill(path);
  await name.press('Enter');
  await expect(page.getByRole('textbox', { name: `Code editor: ${path}` })).toBeFocused();
  await page.keyboard.insertText(text);
}

/** Save the draft that is open as a project. */
export async function saveAs(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Save as a project' });
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(page).toHaveURL(/\/projects\/[0-9A-Z]+$/);
}

export function saving(page: Page) {
  return page.locator('[data-saving]');
}

export function outputOf(page: Page) {
  return page.getByRole('tabpanel', { name: 'Output', exact: true });
}
