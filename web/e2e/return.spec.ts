/** Refresh, a closed tab, a phone that slept: a run loses nothing. */
import { expect, test } from './fixtures.ts';
import { expectEnding, openLongRun } from './runs.ts';

const SLOW = `
import sys
for n in range(5):
    print("line", n, flush=True)
    if n == 2: input()
`;

test('a tab that is closed in mid-run and opened again shows all of it', async ({
  page,
  context,
}) => {
  await openLongRun(page, SLOW, { interactive: true });
  await expect(page.getByRole('log')).toContainText('line 2');
  const address = page.url();
  await page.close();

  const again = await context.newPage();
  await again.goto(address);
  await expect(again.getByRole('log')).toContainText('line 0');
  const field = again.getByRole('textbox', { name: 'Input' });
  await field.fill('go on');
  await field.press('Enter');
  await expectEnding(again, /exit code 0/);
  for (let n = 0; n < 5; n++) await expect(again.getByRole('log')).toContainText(`line ${n}`);

  await again.reload();
  await expectEnding(again, /exit code 0/);
  await expect(again.getByRole('log')).toContainText('line 4');
});
