import { editorOf, outputOf } from './bench.ts';
import { expect, test } from './fixtures.ts';

test('by keys alone: begin, type, run, answer a prompt, stop, leave the editor', async ({
  page,
}) => {
  await page.goto('/new/python');
  await expect(editorOf(page)).toBeVisible();
  await page.keyboard.press('Control+Alt+2');
  await expect(editorOf(page)).toBeFocused();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.type('name = input("Who? ")\nprint("Hello, " + name)\nwhile True: pass', {
    delay: 5,
  });

  await page.keyboard.press('Control+Enter');
  const output = outputOf(page);
  await expect(output.getByText('Who?')).toBeVisible();
  const stdin = page.getByRole('textbox', { name: 'Input' });
  await expect(stdin).toBeVisible();
  await page.keyboard.press('Control+Alt+3');
  await expect(stdin).toBeFocused();
  await page.keyboard.type('Ada');
  await page.keyboard.press('Enter');
  await expect(output.getByText('Hello, Ada')).toBeVisible();

  await page.keyboard.press('Control+.');
  await expect(page).toHaveTitle(/^■ /);
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeVisible();

  await page.keyboard.press('Control+Alt+2');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  await expect(editorOf(page)).not.toBeFocused();

  await page.keyboard.press('Control+Alt+1');
  await expect(page.getByRole('treeitem', { name: /main\.py/ })).toBeFocused();
  await page.keyboard.press('F6');
  await expect(editorOf(page)).toBeFocused();
  await page.keyboard.press('Control+K');
  await page.keyboard.type('shortcuts');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await page.keyboard.press('Escape');

  const line = page.getByRole('separator', { name: 'Width of the files' });
  await line.focus();
  const before = Number(await line.getAttribute('aria-valuenow'));
  await page.keyboard.press('ArrowRight');
  await expect(line).toHaveAttribute('aria-valuenow', String(before + 10));
});

test('one row of tabs has the output, what is given to the program, and earlier runs', async ({
  page,
}) => {
  await page.goto('/new/python');
  await expect(editorOf(page)).toBeVisible();
  await page.keyboard.press('Control+Alt+3');
  const tab = (name: string) => page.getByRole('tab', { name, exact: true });
  await expect(tab('Output')).toBeFocused();
  await expect(page.locator('[data-region=side]').getByRole('tablist')).toHaveCount(1);
  await page.keyboard.press('ArrowRight');
  await expect(tab('Input')).toBeFocused();
  await expect(page.getByRole('textbox', { name: 'Arguments' })).toBeVisible();
  await page.keyboard.press('End');
  await expect(tab('History')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Control+Enter');
  await expect(outputOf(page).getByText('21 34')).toBeVisible();
});

test('vim keys are there for who wants them', async ({ page }) => {
  await page.goto('/new/python');
  await expect(editorOf(page)).toBeVisible();
  await page.keyboard.press('Control+K');
  await page.keyboard.type('vim');
  await page.keyboard.press('Enter');
  await expect(page.locator('.cm-vim-panel')).toBeVisible();
  await editorOf(page).click();
  await page.keyboard.type('ggdGiprint(1)');
  await page.keyboard.press('Escape');
  await expect(editorOf(page)).toHaveText('print(1)');
  await page.keyboard.press('F6');
  await expect(editorOf(page)).not.toBeFocused();
});
