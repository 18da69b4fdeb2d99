import { editorOf, saveAs, saving, write } from './bench.ts';
import { expect, expectAccessible, test } from './fixtures.ts';
import { logIn, signUp } from './people.ts';

// What browsers write to the console of an answer of 412, and of no answer.
test.use({ expectedMessages: [/status of 412|ERR_INTERNET_DISCONNECTED/] });

test.beforeEach(async ({ page }) => {
  await logIn(page, await signUp());
  await page.goto('/new/python');
  await write(page, 'first = 1\n');
  await saveAs(page, 'Two tabs');
});

test('a tab without changes of its own follows the other one', async ({ page, context }) => {
  const other = await context.newPage();
  await other.goto(page.url());
  await write(other, 'second = 2\n');
  await other.keyboard.press('Control+S');
  await expect(saving(other)).toHaveText('Saved');
  await expect(editorOf(page)).toContainText('second = 2');
  await expect(saving(page)).toHaveText('Saved');
});

for (const { button, result } of [
  { button: 'Keep all mine', result: 'mine = 3' },
  { button: 'Take all theirs', result: 'theirs = 2' },
]) {
  test(`a file that both changed is asked about: ${button}`, async ({ page, context }) => {
    const other = await context.newPage();
    await other.goto(page.url());
    await expect(editorOf(other)).toContainText('first = 1');
    // Typed in both before either has saved.
    await write(page, 'mine = 3\n');
    await write(other, 'theirs = 2\n');
    await other.keyboard.press('Control+S');
    await expect(saving(other)).toHaveText('Saved');

    const dialog = page.getByRole('dialog', { name: 'This project was also changed elsewhere' });
    await expect(dialog).toBeVisible();
    await expect(dialog.getByRole('textbox', { name: 'main.py: Mine, not saved.' })).toContainText(
      'mine = 3',
    );
    await expect(dialog.getByRole('textbox', { name: /Theirs, revision/ })).toContainText(
      'theirs = 2',
    );
    await expectAccessible(page);
    await dialog.getByRole('button', { name: button }).click();
    await expect(dialog).toBeHidden();
    await expect(editorOf(page)).toContainText(result);
    await expect(saving(page)).toHaveText('Saved');
    await expect(editorOf(other)).toContainText(result);
  });
}

test('unsaved text survives a reload, and an earlier revision comes back', async ({
  page,
  context,
}) => {
  await context.setOffline(true);
  await write(page, 'offline = True\n');
  await page.keyboard.press('Control+S');
  await expect(saving(page)).toHaveText('Offline, kept in this browser');
  await context.setOffline(false);
  await page.reload();
  await expect(editorOf(page)).toContainText('offline = True');
  await page.keyboard.press('Control+S');
  await expect(saving(page)).toHaveText('Saved');

  await page.getByRole('button', { name: 'Project menu' }).click();
  await page.getByRole('menuitem', { name: 'Revisions' }).click();
  const dialog = page.getByRole('dialog', { name: 'Revisions' });
  await dialog.getByRole('listitem').last().getByRole('button').click();
  await expect(dialog.getByRole('textbox', { name: 'main.py: Revision 1.' })).toContainText(
    'first = 1',
  );
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Go back to revision 1' }).click();
  await expect(dialog).toBeHidden();
  await expect(editorOf(page)).toContainText('first = 1');
});
