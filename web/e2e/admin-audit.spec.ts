import { readFile } from 'node:fs/promises';
import { expect, test } from './fixtures.ts';
import { expectAccessibleInAllLooks } from './looks.ts';
import { administrator, call, logIn, signUp, tokenOf } from './people.ts';

// Looking at a page in all its looks takes a while.
test.slow();

test('what was just changed is there with before and after', async ({ page }) => {
  const person = await signUp();
  const admin = await tokenOf(administrator);
  const { id } = await call('GET', '/account', undefined, await tokenOf(person));
  const layer = `/admin/policies/account:${id}`;
  await call('PUT', layer, { test_count_max: 9 }, admin);
  await call('PUT', layer, { test_count_max: 8 }, admin);
  await call('PATCH', `/admin/accounts/${id}`, { suspended: true }, admin);
  await call('DELETE', layer, undefined, admin);

  await logIn(page, administrator);
  await page.goto('/admin/audit');
  const rows = page.getByRole('table', { name: 'Changes' }).locator('tbody tr');
  await page.getByLabel('Who or what').fill(person.name);
  await expect(rows).toHaveCount(4);
  await expect(rows.nth(2)).toContainText('policy.change');
  await expect(rows.nth(2).locator('del')).toContainText('9');
  await expect(rows.nth(2).locator('ins')).toContainText('8');
  await expect(rows.nth(2)).toContainText('127.0.0.1');
  await expectAccessibleInAllLooks(page);

  await page.getByLabel('Action').fill('account');
  await page.getByLabel('Action').press('Enter');
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText('account.change');
  await page.getByLabel('By', { exact: true }).fill(administrator.name);
  await page.getByLabel('By', { exact: true }).press('Tab');
  await expect(page).toHaveURL(/actor=[0-9A-Z]{26}/);
  await page.reload();
  await expect(rows).toHaveCount(1);
  await expect(page.getByLabel('By', { exact: true })).toHaveValue(administrator.name);

  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'CSV of this page' }).click(),
  ]);
  const csv = await readFile((await saved.path())!, 'utf8');
  expect(csv.split('\r\n')).toHaveLength(3);
  expect(csv).toContain(`account ${person.name}`);

  await page.getByLabel('Until').fill('2001-01-01T00:00');
  await page.getByLabel('Until').blur();
  await expect(page.getByText('No entry matches the filters.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await expect(rows.first()).toBeVisible();
});
