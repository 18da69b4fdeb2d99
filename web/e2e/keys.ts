/** What somebody without a pointer does to get somewhere. */
import { expect, type Locator, type Page } from '@playwright/test';

// More than any page has before what is looked for.
const STEPS_MAX = 80;

/** Press Tab until something has the focus. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let step = 0; step < STEPS_MAX; step++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${target}`);
}
