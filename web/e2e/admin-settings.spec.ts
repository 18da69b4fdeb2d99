import { expect, test } from './fixtures.ts';
import { expectAccessibleInAllLooks } from './looks.ts';
import { administrator, call, logIn, signUp, tokenOf } from './people.ts';

// Looking at a page in all its looks takes a while.
test.slow();

test('a setting that is changed holds at once, and its default again', async ({ page }) => {
  const person = await signUp();
  const mustEnrol = async () => {
    const login = { login: person.name, password: person.password };
    return (await call('POST', '/auth/login', login)).must_enrol_totp;
  };
  const admin = await tokenOf(administrator);
  await logIn(page, administrator);
  await page.goto('/admin/settings');
  const row = page.getByRole('row', { name: /totp_roles/ });
  await expect(row).toContainText('Default');
  expect(await mustEnrol()).toBe(false);

  try {
    await page.getByRole('button', { name: 'Change totp_roles' }).click();
    await page.getByRole('dialog').getByLabel('user').check();
    await expectAccessibleInAllLooks(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await expect(row).toContainText('Changed here');
    expect(await mustEnrol()).toBe(true);

    await page.getByRole('button', { name: 'Reset totp_roles' }).click();
    await expectAccessibleInAllLooks(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Reset' }).click();
    await expect(row).not.toContainText('Changed here');
    expect(await mustEnrol()).toBe(false);
  } finally {
    await call('DELETE', '/admin/settings/totp_roles', undefined, admin);
  }
});

test('what the environment sets is locked', async ({ page }) => {
  await logIn(page, administrator);
  await page.goto('/admin/settings?query=sign_up');
  const row = page.getByRole('row', { name: /sign_up/ });
  await expect(row).toContainText('Environment');
  await expect(row).toContainText('RUNYARD_SIGN_UP');
  await expect(page.getByRole('button', { name: 'Change sign_up' })).toHaveCount(0);
});

test.describe('a value that cannot be', () => {
  test.use({ expectedMessages: [/status of 422/] });

  test('is told at its field', async ({ page }) => {
    await logIn(page, administrator);
    await page.goto('/admin/settings');
    await page.getByRole('button', { name: 'Change retention_days' }).click();
    const value = page.getByRole('dialog').getByLabel('Value');
    await value.fill('0');
    await page.keyboard.press('Enter');
    await expect(value).toHaveAccessibleDescription(/greater than 0/);
    await expectAccessibleInAllLooks(page);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
  });
});

test('the self-check tells of every part, again on request', async ({ page }) => {
  await logIn(page, administrator);
  await page.goto('/admin/health');
  await expect(page.getByRole('heading', { name: 'Database' })).toBeVisible();
  await expect(
    page.getByRole('listitem').filter({ hasText: 'Runs that wait for a place' }),
  ).toContainText('Length');
  const [answer] = await Promise.all([
    page.waitForResponse('**/api/v1/admin/health'),
    page.getByRole('button', { name: 'Run again' }).click(),
  ]);
  expect(answer.ok()).toBe(true);
  await expectAccessibleInAllLooks(page);
});
