/** Programs that are run with tests. */
import { expect, expectAccessible, test } from './fixtures.ts';
import { expectEnding, openRun } from './runs.ts';

test('each test says whether it passed, and what it printed', async ({ page }) => {
  await openRun(page, 'print(int(input()) * 2)', {
    tests: [
      { name: 'small', stdin: '2', expected_stdout: '4' },
      { name: 'large', stdin: '7', expected_stdout: '15' },
    ],
  });

  await expectEnding(page, /1 of 2 tests passed/);
  await page.getByRole('tab', { name: 'Tests 1/2' }).click();
  const failed = page.getByRole('group').filter({ hasText: 'large' });
  await expect(failed).toContainText('Failed');
  await expect(failed).toContainText('14');
  await expectAccessible(page);
});
