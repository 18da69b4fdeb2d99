/** Who comes without an account: reads, types, runs. */
import { expect, expectAccessible, test } from './fixtures.ts';
import { lookAt } from './looks.ts';

test('a visitor runs the example, changes it, and sees both outputs', async ({ page }) => {
  await page.goto('/');
  const editor = page.getByRole('textbox', { name: 'Code: main.py' });
  await expect(editor).toHaveValue(/fibonacci/);
  await page.getByRole('button', { name: 'Run' }).click();
  const output = page.getByRole('region', { name: 'Output' });
  await expect(output).toContainText('0 1 1 2 3 5 8 13 21 34');
  await expect(page.getByText('Succeeded', { exact: true })).toBeVisible();
  await expect(page.getByText(/^\d+ ms from your click/)).toBeVisible();

  await editor.fill('print(6 * 7)\nraise SystemExit(3)');
  await editor.press('Control+Enter');
  await expect(output).toContainText('42');
  await expect(page.getByText('exit code 3', { exact: true })).toBeVisible();
  await expectAccessible(page);

  await page.reload();
  await expect(editor).toHaveValue(/6 \* 7/);
});

test('a language brings its example, and one may go back to what was typed', async ({ page }) => {
  await page.goto('/');
  const languages = page.getByRole('group', { name: 'Language' });
  await page.getByRole('textbox', { name: /^Code/ }).fill('print("mine")');
  await languages.getByRole('button', { name: 'Java' }).click();
  await expect(page.getByRole('textbox', { name: 'Code: Main.java' })).toHaveValue(
    /public class Main/,
  );
  await languages.getByRole('button', { name: 'Python' }).click();
  await expect(page.getByRole('textbox', { name: 'Code: main.py' })).toHaveValue('print("mine")');
});

test('an endless program is stopped', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('textbox', { name: /^Code/ }).fill('while True: pass');
  await page.getByRole('button', { name: 'Run' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Stopped', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run' })).toBeVisible();
});

test('the keyboard indents, undoes, and gets out again', async ({ page }) => {
  await page.goto('/');
  const editor = page.getByRole('textbox', { name: /^Code/ });
  await editor.fill('');
  await editor.pressSequentially('if True:');
  await editor.press('Enter');
  await editor.press('Tab');
  await editor.pressSequentially('print(1)');
  await editor.press('Enter');
  await expect(editor).toHaveValue('if True:\n    print(1)\n    ');
  await editor.press('Control+z');
  await expect(editor).not.toHaveValue('if True:\n    print(1)\n    ');
  await editor.press('Escape');
  await page.keyboard.press('Tab');
  await expect(editor).not.toBeFocused();
});

test('what a program prints is text, whatever it looks like', async ({ page }) => {
  await page.goto('/');
  const hostile = '<img src=x onerror=alert(1)>\\x1b[31mred\\x1b]0;title\\x07';
  await page.getByRole('textbox', { name: /^Code/ }).fill(`print("${hostile}")`);
  await page.getByRole('button', { name: 'Run' }).click();
  const output = page.getByRole('region', { name: 'Output' });
  await expect(output).toContainText('<img src=x onerror=alert(1)>red');
  await expect(output.locator('img')).toHaveCount(0);
});

test('languages are found, and the address keeps what was looked for', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'All languages' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Languages' })).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search languages' }).fill('python');
  await expect(page).toHaveURL(/\?q=python$/);
  await expect(page.getByRole('link', { name: 'Python', exact: true })).toHaveAttribute(
    'href',
    '/new/python',
  );
  await expect(page.getByRole('link', { name: 'Java', exact: true })).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('searchbox', { name: 'Search languages' })).toHaveValue('python');
  await page.getByRole('searchbox', { name: 'Search languages' }).fill('no such language');
  await expect(page.getByText('No language matches “no such language”.')).toBeVisible();
});

for (const path of ['/', '/new', '/gallery', '/faq']) {
  test(`${path} suits everybody in both themes, narrow and wide`, async ({ page }) => {
    await lookAt(page, path);
  });
}
