/** By keys alone: an administrator lowers what an account may have, and takes it back. */
import { expect, expectAccessible, test } from './fixtures.ts';
import { tabTo } from './keys.ts';
import { administrator, call, logIn, signUp, tokenOf } from './people.ts';

test('a limit is changed by keys alone', async ({ page }) => {
  const person = await signUp();
  const token = await tokenOf(person);
  await logIn(page, administrator);
  await page.goto('/admin/policies');

  await tabTo(page, page.getByRole('button', { name: 'Account or runtime…' }));
  await page.keyboard.press('Enter');
  const choice = page.getByRole('dialog', { name: 'Set limits of an account or a runtime' });
  await expect(choice.getByLabel('Of')).toBeFocused();
  await expectAccessible(page);
  await tabTo(page, choice.getByLabel('Account', { exact: true }));
  await page.keyboard.type(person.name);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Account ${person.name}`);

  await tabTo(page, page.getByLabel('Time', { exact: true }));
  await page.keyboard.type('2');
  await page.keyboard.press('Enter');
  await expect(page.getByText(`Saved: Account ${person.name}.`, { exact: false })).toBeVisible();
  const lowered = await call('GET', '/limits', undefined, token);
  expect(lowered.policy).toMatchObject({ limits_max: { wall_seconds: 2 } });
  await expectAccessible(page);

  await tabTo(page, page.getByRole('button', { name: 'Reset the layer…' }));
  await page.keyboard.press('Enter');
  const confirm = page.getByRole('dialog');
  await expect(confirm).toBeVisible();
  await expectAccessible(page);
  await tabTo(page, confirm.getByRole('button', { name: 'Reset the layer' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Policies');
  await expect(page.getByRole('table', { name: 'Layers' })).not.toContainText(person.name);
});
