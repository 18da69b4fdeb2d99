import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { expectAccessibleInAllLooks } from './looks.ts';
import { administrator, call, inventPerson, logIn, signUp, tokenOf } from './people.ts';

// Looking at a page in all its looks takes a while.
test.slow();

/** Press a button of the page and confirm what it asks. */
async function perform(page: Page, action: string, typed?: string) {
  await page.getByRole('button', { name: `${action}…` }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  if (typed) await dialog.getByLabel(`Type ${typed} to confirm`).fill(typed);
  await dialog.getByRole('button', { name: action, exact: true }).click();
  await expect(dialog).toBeHidden();
}

test('who is invited signs up, is suspended and comes back', async ({ page }) => {
  const person = inventPerson();
  await logIn(page, administrator);
  await page.goto('/admin/users');
  await page.getByRole('button', { name: 'Invite…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('E-mail address').fill(person.email);
  await expectAccessibleInAllLooks(page);
  await dialog.getByRole('button', { name: 'Make invitation' }).click();
  const link = await dialog.getByLabel('Link', { exact: true }).inputValue();
  await expectAccessibleInAllLooks(page);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByRole('table', { name: 'Invitations' })).toContainText(person.email);

  const invitation = new URL(link).hash.slice(1);
  const made = await call('POST', '/auth/sign-up', { ...person, invitation });
  const program = await call(
    'POST',
    '/account/tokens',
    { name: 'robot', scopes: ['account:read'] },
    made.access_token as string,
  );
  const robot = () => call('GET', '/account', undefined, program.token as string);
  expect(await robot()).toMatchObject({ name: person.name });

  await page.getByLabel('Search').fill(person.name);
  await expect(page).toHaveURL(/query=/);
  await page.reload();
  await page.getByRole('link', { name: person.name }).click();
  await expect(page.getByRole('table', { name: 'Usage' })).toContainText('Tokens of programs');
  await expectAccessibleInAllLooks(page);

  await page.getByRole('button', { name: 'Suspend…' }).click();
  await expect(page.getByRole('dialog')).toContainText('1 session end at once and 1 token');
  await expectAccessibleInAllLooks(page);
  await page.keyboard.press('Escape');
  await perform(page, 'Suspend');
  await expect(page.getByText('Suspended', { exact: true })).toBeVisible();
  await expect(robot()).rejects.toThrow(/40[13]/);

  await perform(page, 'Reactivate');
  await expect(page.getByText('Active', { exact: true })).toBeVisible();
  expect(await robot()).toMatchObject({ name: person.name });

  await perform(page, 'Delete', person.name);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Users');
  await expect(robot()).rejects.toThrow(/401/);
});

test('an invitation that is withdrawn lets nobody in', async ({ page }) => {
  const person = inventPerson();
  const admin = await tokenOf(administrator);
  await call('POST', '/admin/invitations', { email: person.email }, admin);
  await logIn(page, administrator);
  await page.goto('/admin/users');

  await page.getByRole('button', { name: `Withdraw the invitation for ${person.email}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
  await expect(page.getByText(person.email)).toHaveCount(0);
});

test('sessions are ended, the role is changed and a password link is made', async ({ page }) => {
  const person = await signUp();
  const token = await tokenOf(person);
  const { id } = await call('GET', '/account', undefined, token);
  await logIn(page, administrator);
  await page.goto(`/admin/users/${id}`);

  await perform(page, 'End sessions');
  await expect(call('GET', '/account', undefined, token)).rejects.toThrow(/401/);
  await perform(page, 'Make an administrator');
  await expect(page.getByText('Administrator', { exact: true })).toBeVisible();
  await perform(page, 'Make a user');
  await expect(page.getByText('User', { exact: true })).toBeVisible();

  await page.getByRole('button', { name: 'Password link…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Make link' }).click();
  const link = await page.getByRole('dialog').getByLabel('Link', { exact: true }).inputValue();
  const ticket = new URL(link).hash.slice(1);
  await call('POST', '/auth/password', { ticket, password: 'quite another password' });
  expect(await tokenOf({ ...person, password: 'quite another password' })).toBeTruthy();
});

test.describe('a name that is taken', () => {
  test.use({ expectedMessages: [/status of 409/] });

  test('is told where the account is added', async ({ page }) => {
    await logIn(page, administrator);
    await page.goto('/admin/users');
    await page.getByRole('button', { name: 'Add user…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill(administrator.name);
    await dialog.getByLabel('E-mail address').fill('somebody@example.org');
    await dialog.getByLabel('First password').fill('a password of some length');
    await dialog.getByRole('button', { name: 'Add user' }).click();
    await expect(dialog.getByRole('alert')).toContainText('is taken');
    await expectAccessibleInAllLooks(page);
  });
});

test('who has not the role finds nothing', async ({ page }) => {
  await logIn(page, await signUp());
  for (const path of ['policies', 'users', 'faq', 'audit', 'settings', 'health']) {
    await page.goto(`/admin/${path}`);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is nothing here');
  }
});
