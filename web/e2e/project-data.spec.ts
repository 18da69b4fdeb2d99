/** What programs of a project have beside its files: secret variables, and /data. */
import { editorOf, outputOf, saveAs, write } from './bench.ts';
import { expect, expectAccessible, test } from './fixtures.ts';
import { expectAccessibleInAllLooks } from './looks.ts';
import { logIn, signUp } from './people.ts';

// The data is found below the work folder with and without a sandbox.
const PROGRAM = `import os, pathlib
kept = pathlib.Path(".data/count")
count = int(kept.read_text()) + 1 if kept.exists() else 1
kept.write_text(str(count))
print("run", count, "secret of", len(os.environ["API_KEY"]))
`;

test('a secret is given to a program, and a counter is kept until it is deleted', async ({
  page,
}) => {
  test.slow();
  await logIn(page, await signUp());
  await page.goto('/new/python');
  await write(page, PROGRAM);
  await saveAs(page, 'Counter');
  const output = outputOf(page);

  await page.getByRole('button', { name: 'Project menu' }).click();
  await page.getByRole('menuitem', { name: 'Secret variables' }).click();
  const secrets = page.getByRole('dialog', { name: 'Secret variables' });
  await secrets.getByLabel('Name').fill('API_KEY');
  await secrets.getByLabel('Value').fill('seventeen letters');
  await secrets.getByRole('button', { name: 'Add' }).click();
  await expect(secrets.getByRole('rowheader', { name: 'API_KEY' })).toBeVisible();
  await expect(secrets.getByLabel('Value')).toHaveValue('');
  await expectAccessibleInAllLooks(page);
  await page.keyboard.press('Escape');
  await page.getByRole('tab', { name: 'Input' }).click();
  await expect(page.getByText(/Secret variables of the project/)).toContainText('API_KEY');

  await page.keyboard.press('Control+K');
  await expect(page.getByRole('dialog', { name: 'Commands and files' })).toBeVisible();
  await page.keyboard.type('kept data');
  await page.keyboard.press('Enter');
  const data = page.getByRole('dialog', { name: 'Kept data' });
  await data.getByRole('checkbox', { name: /^Keep the folder/ }).check();
  await expect(data).toContainText('0 files, 0 bytes of 16 MiB');
  await page.keyboard.press('Escape');

  for (const count of [1, 2]) {
    await page.keyboard.press('Control+Enter');
    await expect(output.getByText(`run ${count} secret of 17`)).toBeVisible();
    await expect(page).toHaveTitle(/^✓ /);
  }

  await page.getByRole('button', { name: 'Project menu' }).click();
  await page.getByRole('menuitem', { name: 'Kept data' }).click();
  await expect(data).toContainText('1 file, 1 byte of 16 MiB');
  const downloading = page.waitForEvent('download');
  await data.getByRole('button', { name: 'Download count' }).click();
  expect((await downloading).suggestedFilename()).toBe('count');
  await expectAccessibleInAllLooks(page);
  await data.getByRole('button', { name: 'Delete all…' }).click();
  const confirm = page.getByRole('dialog', { name: 'Delete all of /data?' });
  await expectAccessible(page);
  await confirm.getByRole('button', { name: 'Delete' }).click();
  await expect(data).toContainText('0 files, 0 bytes of 16 MiB');
  await page.keyboard.press('Escape');

  await page.keyboard.press('Control+Enter');
  await expect(output.getByText('run 1 secret of 17')).toBeVisible();
});

test('a secret is replaced and deleted', async ({ page }) => {
  await logIn(page, await signUp());
  await page.goto('/new/python');
  await expect(editorOf(page)).toBeVisible();
  await saveAs(page, 'Secretive');
  await page.keyboard.press('Control+K');
  await expect(page.getByRole('dialog', { name: 'Commands and files' })).toBeVisible();
  await page.keyboard.type('secret');
  await page.keyboard.press('Enter');
  const secrets = page.getByRole('dialog', { name: 'Secret variables' });
  await secrets.getByLabel('Name').fill('TOKEN');
  await secrets.getByLabel('Value').fill('one');
  await secrets.getByRole('button', { name: 'Add' }).click();
  await secrets.getByRole('button', { name: 'Replace TOKEN' }).click();
  await expect(secrets.getByLabel('Value')).toBeFocused();
  await secrets.getByLabel('Value').fill('two');
  await secrets.getByRole('button', { name: 'Replace', exact: true }).click();
  await expect(secrets.getByText('TOKEN is set.')).toBeVisible();
  await secrets.getByRole('button', { name: 'Delete TOKEN' }).click();
  await page
    .getByRole('dialog', { name: 'Delete TOKEN?' })
    .getByRole('button', { name: 'Delete' })
    .click();
  await expect(secrets.getByText('There are none yet.')).toBeVisible();
});
