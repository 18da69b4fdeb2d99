/** Pages in both themes, narrow and wide: accessible, and nothing sticks out. */
import type { Page } from '@playwright/test';
import { expect, expectAccessible, test } from './fixtures.ts';

const WIDTHS = [1440, 390];
// As narrow as pages have to work.
const NARROWEST = 320;
const THEMES = ['light', 'dark'] as const;

/** Look at a page; `prepare` opens on it what is to be looked at. */
export async function lookAt(
  page: Page,
  path: string,
  prepare: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  // Four looks take longer than one.
  test.slow();
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.goto(path, { waitUntil: 'networkidle' });
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    await prepare();
    await lookAtWidths(page);
  }
}

/** The page as it stands, with what is open on it. */
export async function expectAccessibleInAllLooks(page: Page): Promise<void> {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
    await lookAtWidths(page);
  }
}

async function lookAtWidths(page: Page): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 844 });
    await expectAccessible(page);
    await expectNothingSticksOut(page, width);
  }
  await page.setViewportSize({ width: NARROWEST, height: 844 });
  await expectNothingSticksOut(page, NARROWEST);
  // The journey goes on in the window it began in.
  await page.setViewportSize({ width: WIDTHS[0], height: 844 });
}

async function expectNothingSticksOut(page: Page, width: number): Promise<void> {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow, `pixels that stick out sideways at ${width}`).toBe(0);
}
