/** Every page, in both themes, on a phone and on a desk: accessible, and nothing sticks out. */
import type { Page } from '@playwright/test';
import { expect, expectAccessible, test } from './fixtures.ts';
import { administrator, logIn } from './people.ts';

const GUEST = ['/', '/new', '/new/python', '/gallery', '/faq', '/login', '/sign-up', '/forgotten'];
const LINKED = ['/setup#x', '/password#x', '/no-such-page', '/shared/NOSUCHKEY'];
const OWN = [
  '/projects',
  '/runs',
  '/account',
  '/account/second-factor',
  '/account/sessions',
  '/account/tokens',
  '/account/limits',
  '/device',
];
const ADMINISTRATION = [
  '/admin',
  '/admin/runs',
  '/admin/platforms',
  '/admin/runtimes',
  '/admin/policies',
  '/admin/users',
  '/admin/faq',
  '/admin/audit',
  '/admin/settings',
  '/admin/health',
];
const WIDTHS = [1440, 390];
const THEMES = ['light', 'dark'] as const;

async function look(page: Page, path: string) {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 844 });
      await page.goto(path, { waitUntil: 'networkidle' });
      await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
      await expectAccessible(page);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow, 'pixels that stick out sideways').toBe(0);
      // Reading a page again in the next theme begins at its start.
      await page.goto('about:blank');
    }
  }
}

test.describe('as a guest', () => {
  // A key or a link that is not known is answered so.
  test.use({ expectedMessages: [/status of (401|404)/] });
  for (const path of [...GUEST, ...LINKED]) {
    test(path, async ({ page }) => look(page, path));
  }
});

test.describe('logged in', () => {
  for (const path of [...OWN, ...ADMINISTRATION]) {
    test(path, async ({ page }) => {
      await logIn(page, administrator);
      await look(page, path);
    });
  }
});
