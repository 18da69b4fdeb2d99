import { administrator, call, logIn, tokenOf } from './people.ts';
import { expect, expectAccessible, test } from './fixtures.ts';
import { awaitSelfTests, SELF_TESTS_MS } from './self-tests.ts';

const ADDED = 'awk-strict';
// Programs run while others have the machine, too.
const RUN_MS = 60_000;
// Of a definition that is refused on purpose.
test.use({ expectedMessages: [/status of 422/] });

test.describe.configure({ timeout: SELF_TESTS_MS + 120_000 });

test.beforeEach(awaitSelfTests);

test.afterEach(async () => {
  const token = await tokenOf(administrator);
  const { items } = (await call('GET', '/admin/runtimes', undefined, token)) as {
    items: { id: string; source: string; lifecycle: string }[];
  };
  for (const { id, source, lifecycle } of items) {
    if (source !== 'catalogue' || lifecycle !== 'active') {
      await call('DELETE', `/admin/runtimes/${id}`, undefined, token);
    }
  }
});

async function offered(id: string): Promise<Record<string, unknown>> {
  const { items } = (await call('GET', '/runtimes')) as { items: Record<string, unknown>[] };
  return items.find((each) => each.id === id) ?? {};
}

test('a runtime is edited, tried before it is saved, and reset', async ({ page }) => {
  await logIn(page, administrator);
  await page.goto('/admin/runtimes');
  await page.getByLabel('Search').fill('awk');
  await expect(page).toHaveURL(/query=awk/);
  await page.getByRole('link', { name: 'AWK', exact: true }).click();

  await page.getByLabel('Description').fill('A language for texts in columns.');
  const memory = page.getByRole('group', { name: 'Limits of a program' }).getByLabel('Memory, MiB');
  await memory.fill('999999');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(memory).toHaveAccessibleDescription(/it must be between/);
  await memory.fill('96');
  // A reload loses nothing of it.
  await page.reload();
  await expect(memory).toHaveValue('96');
  const example = page.getByLabel('Example: main.awk');
  // What it prints is seen while it runs, and it can be stopped.
  await example.fill('BEGIN { print "begun"; fflush(); while (1); }\n');
  await page.getByRole('button', { name: 'Run example' }).click();
  await expect(page.getByRole('log', { name: 'What it prints' })).toHaveText('begun', {
    timeout: RUN_MS,
  });
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('log', { name: 'What it prints' })).toHaveCount(0);
  await example.fill('BEGIN { print "edited" }\n');
  await page.getByLabel('What the example prints').fill('edited\n');

  await page.getByRole('button', { name: 'Run example' }).click();
  await expect(page.getByText('The example printed what it is to print.')).toBeVisible({
    timeout: RUN_MS,
  });
  await expect(page.getByRole('region', { name: 'stdout of run' })).toHaveText('edited');
  await page.getByRole('button', { name: 'Run self-test' }).click();
  await expect(page.getByText('The self-test passed.')).toBeVisible({ timeout: RUN_MS });
  expect((await offered('awk')).description).not.toBe('A language for texts in columns.');
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved. It is offered as it is now')).toBeVisible();
  expect((await offered('awk')).description).toBe('A language for texts in columns.');

  // One field goes back to the catalogue, then all of it.
  await page.getByRole('button', { name: "Take the catalogue's description" }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByLabel('Description')).not.toHaveValue('A language for texts in columns.');
  await expect(memory).toHaveValue('96');
  await page.getByRole('button', { name: 'Reset to the catalogue' }).click();
  const question = page.getByRole('dialog', { name: 'Reset awk to the catalogue?' });
  await expect(question.getByText('2 edited fields are as in the catalogue again')).toBeVisible();
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Reset', exact: true }).click();
  await expect(memory).not.toHaveValue('96');
  await expect(page.getByText('Catalogue', { exact: true })).toBeVisible();
});

test('a runtime is added from another one, retired and removed', async ({ page }) => {
  await logIn(page, administrator);
  await page.goto('/admin/runtimes/awk');
  await page.getByRole('link', { name: 'Add another like it' }).click();
  await page.getByLabel('Id', { exact: true }).fill(ADDED);
  await page.getByLabel('Name', { exact: true }).fill('AWK (strict)');
  const rest = page.getByLabel('Toolchain and all other fields, as JSON');
  const written = await rest.inputValue();
  await rest.fill(written.slice(0, -3));
  await expect(rest).toHaveAccessibleDescription(/not JSON/);
  await expect(page.getByRole('button', { name: 'Add runtime' })).toBeDisabled();
  await rest.fill(written);
  await page.getByRole('button', { name: 'Run self-test' }).click();
  await expect(page.getByText('The self-test passed.')).toBeVisible({ timeout: RUN_MS });
  await page.getByRole('button', { name: 'Add runtime' }).click();

  await expect(page.getByRole('heading', { name: 'AWK (strict)', level: 1 })).toBeVisible();
  await expect(page.getByText('Available', { exact: true })).toBeVisible({ timeout: RUN_MS });
  expect((await offered(ADDED)).name).toBe('AWK (strict)');

  await page.getByRole('button', { name: 'Deprecate or retire…' }).click();
  const dialog = page.getByRole('dialog', { name: `Support of ${ADDED}` });
  await dialog.getByLabel('Support').selectOption('Retired');
  await expect(dialog.getByText('No project uses it.')).toBeVisible();
  await dialog.getByLabel('Message').fill('Use AWK in place of it.');
  await dialog.getByLabel('Replacement').fill('awk');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Retire' }).click();
  await expect(page.getByText('Retired', { exact: true })).toBeVisible();
  const program = { path: 'main.awk', content: 'BEGIN { print 1 }' };
  const token = await tokenOf(administrator);
  await expect(
    call('POST', '/executions', { runtime: ADDED, files: [program] }, token),
  ).rejects.toThrow(/Use AWK in place of it/);

  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  const question = page.getByRole('dialog', { name: `Remove ${ADDED}?` });
  await expect(question.getByRole('button', { name: 'Remove' })).toBeDisabled();
  await question.getByLabel(`Type ${ADDED} to confirm`).fill(ADDED);
  await question.getByRole('button', { name: 'Remove' }).click();
  await expect(page).toHaveURL(/\/admin\/runtimes$/);
  expect(await offered(ADDED)).toEqual({});
});
