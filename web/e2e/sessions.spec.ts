/** Several pages of one visitor: one cookie, which each use replaces. */
import { expect, test } from './fixtures.ts';
import { logIn, signUp } from './people.ts';

test('two tabs that load at once, many times, stay logged in', async ({ page, context }) => {
  const person = await signUp();
  await logIn(page, person);
  const other = await context.newPage();
  await other.addInitScript(() => localStorage.setItem('runyard.session', '1'));
  await Promise.all([page.goto('/account'), other.goto('/account')]);
  for (let round = 0; round < 12; round++) {
    await Promise.all([page.reload(), other.reload()]);
  }
  for (const each of [page, other]) {
    await expect(each.getByText(person.email)).toBeVisible();
  }
});

test('somebody impatient who reloads before the page is there stays logged in', async ({
  page,
}) => {
  const person = await signUp();
  await logIn(page, person);
  await page.goto('/account');
  await expect(page.getByText(person.email)).toBeVisible();
  for (let round = 0; round < 12; round++) {
    const asked = page.waitForRequest(/\/auth\/refresh/);
    await page.goto('/account', { waitUntil: 'commit' });
    await asked;
  }
  await page.goto('/account');
  await expect(page.getByText(person.email)).toBeVisible();
});

test('logging out in one tab logs the other out', async ({ page, context }) => {
  const person = await signUp();
  await logIn(page, person);
  await page.goto('/account');
  const other = await context.newPage();
  await other.goto('/account');
  await expect(other.getByText(person.email)).toBeVisible();
  await page.getByRole('button', { name: `Account of ${person.name}` }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await expect(other.getByText('Log in to see your account.')).toBeVisible();
  await expect(other.getByRole('dialog')).toHaveCount(0);
  await expect(other.getByText(person.email)).toHaveCount(0);
});

test('logging in in one tab logs the other in', async ({ page, context }) => {
  const person = await signUp();
  await page.goto('/login');
  const other = await context.newPage();
  await other.goto('/account');
  await expect(other.getByText('Log in to see your account.')).toBeVisible();
  await page.getByLabel('Name or e-mail address').fill(person.name);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(other.getByText(person.email)).toBeVisible();
});
