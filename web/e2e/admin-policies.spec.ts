import { expect, test } from './fixtures.ts';
import { expectAccessibleInAllLooks } from './looks.ts';
import { administrator, call, logIn, signUp, tokenOf } from './people.ts';

// Looking at a page in all its looks takes a while.
test.slow();

const run = (source: string) => ({
  runtime: 'bash',
  files: [{ path: 'main.sh', content: source }],
  wait: 30,
});

// What the server refuses is a failed request to the browser's console.
test.use({ expectedMessages: [/status of 422/] });

test('a limit that is lowered for one account stops his next run', async ({ page }) => {
  const person = await signUp();
  const token = await tokenOf(person);
  await logIn(page, administrator);
  await page.goto('/admin/policies');

  await page.getByRole('button', { name: 'Account or runtime…' }).click();
  const choice = page.getByRole('dialog');
  await choice.getByLabel('Account').fill(person.name);
  await choice.getByLabel('Account').press('Tab');
  await choice.getByRole('button', { name: 'Open' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`Account ${person.name}`);

  const time = page.getByLabel('Time', { exact: true });
  await expect(time).toHaveAttribute('placeholder', '1 min');
  await time.fill('many');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(time).toHaveAccessibleDescription(/“many” is not a number/);
  await time.fill('99');
  await page.getByLabel('Unit of Time', { exact: true }).selectOption('h');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(time).toHaveAccessibleDescription(/must be between 0.05 and 60/);
  await expect(time).toBeFocused();

  await page.getByLabel('Unit of Time', { exact: true }).selectOption('s');
  await time.fill('1');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('1 of', { exact: false }).first()).toBeVisible();
  await expect(page.getByText(`Saved: Account ${person.name}.`, { exact: false })).toBeVisible();
  const stopped = await call('POST', '/executions', run('sleep 20; echo late'), token);
  expect(stopped).toMatchObject({ state: 'finished', outcome: 'time_limit_exceeded' });

  await page.getByRole('link', { name: 'What holds' }).click();
  const row = page.getByRole('row', { name: /limits_max.wall_seconds/ });
  await expect(row).toContainText('1 s');
  await expect(row.getByRole('link')).toHaveText(`Account ${person.name}`);

  await row.getByRole('link').click();
  await page.getByRole('button', { name: 'Reset the layer…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Reset the layer' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Policies');
  await expect(page.getByRole('table', { name: 'Layers' })).not.toContainText(person.name);
  const limits = await call('GET', '/limits', undefined, token);
  expect(limits.policy).toMatchObject({ limits_max: { wall_seconds: 60 } });
});

test('who has had his runs of a minute is refused, until there is no bound', async ({ page }) => {
  const person = await signUp();
  const token = await tokenOf(person);
  const { id } = await call('GET', '/account', undefined, token);
  await logIn(page, administrator);
  await page.goto(`/admin/policies/account:${id}`);

  await page.getByLabel('Runs in a minute', { exact: true }).fill('1');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(`Saved: Account`, { exact: false })).toBeVisible();
  await call('POST', '/executions', run('echo one'), token);
  await expect(call('POST', '/executions', run('echo two'), token)).rejects.toThrow(
    /429.*quota_exceeded/,
  );

  await page.getByRole('checkbox', { name: 'No bound' }).nth(1).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect
    .poll(() => call('GET', '/limits', undefined, token).then(({ policy }) => policy))
    .toMatchObject({ executions_per_minute_max: null });
  expect(await call('POST', '/executions', run('echo two'), token)).toMatchObject({
    outcome: 'succeeded',
  });

  const admin = await tokenOf(administrator);
  await call('DELETE', `/admin/policies/account:${id}`, undefined, admin);
});

test.describe('two administrators', () => {
  test.use({ expectedMessages: [/status of 412|status of 409/] });

  test('do not overwrite each other', async ({ page }) => {
    const admin = await tokenOf(administrator);
    const person = await signUp();
    const { id } = await call('GET', '/account', undefined, await tokenOf(person));
    const layer = `/admin/policies/account:${id}`;
    await logIn(page, administrator);
    await page.goto(layer);
    await page.getByLabel('Files', { exact: true }).fill('7');
    await call('PUT', layer, { test_count_max: 3 }, admin);

    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('alert')).toContainText('was changed since version 0');
    await page.getByRole('button', { name: 'Load what is there now' }).click();
    await expect(page.getByLabel('Tests', { exact: true })).toHaveValue('3');
    await expect(page.getByLabel('Files', { exact: true })).toHaveValue('');

    await call('DELETE', layer, undefined, admin);
  });
});

test('the choice of a layer and the layer itself are accessible', async ({ page }) => {
  await logIn(page, administrator);
  await page.goto('/admin/policies');
  await page.getByRole('button', { name: 'Account or runtime…' }).click();
  await page.getByRole('dialog').getByLabel('Of', { exact: true }).selectOption('runtime');
  await expectAccessibleInAllLooks(page);

  await page.getByRole('dialog').getByLabel('Runtime', { exact: true }).selectOption('bash');
  await page.getByRole('dialog').getByRole('button', { name: 'Open' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Runtime bash');
  // What is of an account altogether is no matter of what it runs.
  await expect(page.getByLabel('Projects', { exact: true })).toHaveCount(0);
  await page.getByLabel('Time', { exact: true }).fill('many');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('“many” is not a number', { exact: false })).toBeVisible();
  await expectAccessibleInAllLooks(page);
});
