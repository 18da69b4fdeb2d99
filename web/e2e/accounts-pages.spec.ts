/** The account's pages as they look: no violation and nothing that sticks out, in every width and theme. */
import type { Page } from '@playwright/test';
import { expect, expectAccessible, test } from './fixtures.ts';
import { call, logIn, signUp, tokenOf } from './people.ts';

async function expectWellLaidOut(page: Page): Promise<void> {
  // Axe looks four times.
  test.slow();
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await expect(page.locator('html')).toHaveAttribute('data-theme', colorScheme);
      await expectAccessible(page);
    }
  }
  await page.setViewportSize({ width: 320, height: 700 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
}

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
    await expectWellLaidOut(page);
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
    await expectWellLaidOut(page);
  });
}
