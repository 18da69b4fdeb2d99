/** The account's pages as they look: no violation and nothing that sticks out, in every width and theme. */
import { expect, test } from './fixtures.ts';
import { expectAccessibleInAllLooks } from './looks.ts';
import { call, logIn, signUp, tokenOf } from './people.ts';

// Axe looks four times.
test.slow();

for (const path of [
  '/login',
  '/sign-up',
  '/setup',
  '/setup#x',
  '/forgotten',
  '/choose-password#x',
]) {
  test(`${path} for a guest`, async ({ page }) => {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expectAccessibleInAllLooks(page);
  });
}

const PAGES = {
  '/account': 'Profile',
  '/account/password': 'Change the password',
  '/account/second-factor': 'Second factor',
  '/account/sessions': 'Sessions',
  '/account/tokens': 'Tokens',
  '/account/limits': 'Limits',
  '/account/data': 'Your data',
  '/device': 'Log a program in',
};

for (const [path, title] of Object.entries(PAGES)) {
  test(`${path} of an account`, async ({ page }) => {
    const person = await signUp();
    const scopes = ['account:read', 'executions:write'];
    await call('POST', '/account/tokens', { name: 'ci', scopes }, await tokenOf(person));
    await logIn(page, person);
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
    await expect(page.getByText(/^Loading/)).toHaveCount(0);
    await expectAccessibleInAllLooks(page);
  });
}
