/** A program that would never end is stopped. */
import { expect, test } from './fixtures.ts';
import { expectEnding, openLongRun } from './runs.ts';

test('an endless loop is stopped, and what it printed stays', async ({ page }) => {
  await openLongRun(page, 'print("begun", flush=True)\nwhile True: pass');

  await expect(page.getByRole('log')).toContainText('begun');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expectEnding(page, /Stopped by you/);
  await expect(page.getByRole('log')).toContainText('begun');
  await expect(page.getByRole('button', { name: 'Stop' })).toHaveCount(0);
});
