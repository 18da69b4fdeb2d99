import { readFile } from 'node:fs/promises';
import { expect, test } from './fixtures.ts';
import { expectAccessibleInAllLooks } from './looks.ts';
import { administrator, call, logIn, tokenOf } from './people.ts';

// Looking at a page in all its looks takes a while.
test.slow();

interface Entry {
  question: string;
  answer: string;
}

const questions = async () => {
  const { runtime } = await call('GET', '/faq?runtime=bash');
  return (runtime as Entry[]).map((each) => each.question);
};

test('a question is added, moved, exported, imported and taken back', async ({ page }) => {
  const shipped = await questions();
  const admin = await tokenOf(administrator);
  await logIn(page, administrator);
  try {
    await page.goto('/admin/faq/bash');
    await page.getByRole('button', { name: 'Add question' }).click();
    const count = shipped.length + 1;
    const added = page.getByRole('group', { name: `Question ${count}`, exact: true });
    await added.getByLabel('Question', { exact: true }).fill('May I?');
    await added.getByLabel('Answer').fill('Yes, **today**.\n\n<b>never</b>');
    const preview = page.getByRole('group', { name: `Preview of question ${count}` });
    await expect(preview.locator('strong')).toHaveText('today');
    await expect(preview).toContainText('<b>never</b>');
    await expectAccessibleInAllLooks(page);
    for (let place = count; place > 1; place--) {
      await page.getByRole('button', { name: `Move question ${place} up` }).click();
    }
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Everything is saved.')).toBeVisible();
    expect(await questions()).toEqual(['May I?', ...shipped]);

    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export' }).click(),
    ]);
    const list = JSON.parse(await readFile((await saved.path())!, 'utf8')) as Entry[];
    expect(list[0]).toEqual({ question: 'May I?', answer: 'Yes, **today**.\n\n<b>never</b>' });

    const changed = JSON.stringify([{ question: 'Imported?', answer: 'Indeed.' }]);
    await page.locator('input[type=file]').setInputFiles({
      name: 'list.json',
      mimeType: 'application/json',
      buffer: Buffer.from(changed),
    });
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Everything is saved.')).toBeVisible();
    expect(await questions()).toEqual(['Imported?']);

    await page.getByRole('button', { name: 'Go back to the shipped list…' }).click();
    await expectAccessibleInAllLooks(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Go back' }).click();
    await expect(page.getByRole('dialog')).toBeHidden();
    expect(await questions()).toEqual(shipped);
  } finally {
    await call('DELETE', '/admin/faq/bash', undefined, admin);
  }
});
