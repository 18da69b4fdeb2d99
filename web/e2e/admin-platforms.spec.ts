import { administrator, call, logIn, tokenOf } from './people.ts';
import { expect, expectAccessible, test } from './fixtures.ts';
import { awaitSelfTests, SELF_TESTS_MS } from './self-tests.ts';

const NAME = 'second-one';
// Of a conflict that is provoked, and of options that are refused.
test.use({ expectedMessages: [/status of (412|422)/] });

test.afterEach(async () => {
  const token = await tokenOf(administrator);
  const { items } = (await call('GET', '/admin/platforms', undefined, token)) as {
    items: { name: string; state: string }[];
  };
  if (items.some((each) => each.name === NAME)) {
    await call('DELETE', `/admin/platforms/${NAME}`, undefined, token);
  }
  if (items.some((each) => each.name === 'local' && each.state !== 'enabled')) {
    await call('POST', '/admin/platforms/local/state', { state: 'enabled' }, token);
  }
});

test('a platform is added, tested, tried, drained and deleted', async ({ page }) => {
  test.setTimeout(SELF_TESTS_MS + 180_000);
  await awaitSelfTests();
  await logIn(page, administrator);
  await page.goto('/admin/platforms');
  await page.getByRole('link', { name: 'Add platform' }).click();
  await expect(page.getByRole('radio', { name: /^linux/ })).toBeChecked();
  await page.getByLabel('Name', { exact: true }).fill('local');
  await expect(page.getByText('There is a platform called local already.')).toBeVisible();
  await page.getByLabel('Name', { exact: true }).fill(NAME);
  await page.getByLabel('Description').fill('For the exam.');
  await page.getByRole('button', { name: 'Continue' }).click();

  // What the engine refuses is said by the test, and at its field.
  const slots = page.getByLabel('Slot count max');
  await slots.fill('2');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.getByText('The test failed.')).toBeVisible({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Save without a passed test' }).click();
  await expect(slots).toHaveAccessibleDescription(/greater than or equal to 4/);
  await slots.fill('4');
  // A reload loses nothing.
  await page.reload();
  await expect(slots).toHaveValue('4');
  await page.getByRole('button', { name: 'Continue' }).click();

  await page.getByRole('button', { name: 'Test connection' }).click();
  await expect(page.getByText('The test passed.')).toBeVisible({ timeout: 60_000 });
  const steps = page.getByRole('list', { name: 'Steps of the test' }).getByRole('listitem');
  await expect(steps.filter({ hasText: 'A sandbox starts: OK' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Save', exact: true }).click();

  await page.getByRole('button', { name: 'Run their self-tests' }).click();
  const results = page.getByRole('list', { name: 'Self-tests' }).getByRole('listitem');
  await expect(results.filter({ hasText: 'python: passed' })).toBeVisible({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Continue' }).click();

  await page.getByRole('button', { name: 'Enable' }).click();
  await expect(page.getByText('Enabled')).toBeVisible();
  await page.getByRole('button', { name: 'Drain' }).click();
  const question = page.getByRole('dialog', { name: `Drain ${NAME}?` });
  await expect(question.getByText('nothing changes for anybody')).toBeVisible();
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Drain' }).click();
  await expect(page.getByText('Draining')).toBeVisible();
  await page.getByRole('link', { name: 'Done' }).click();

  const card = page.getByRole('listitem').filter({ hasText: NAME });
  await expect(card.getByText('Draining')).toBeVisible();
  await card.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('link', { name: NAME })).toHaveCount(0);
});

test('a change that somebody else made meanwhile is not lost', async ({ page }) => {
  const token = await tokenOf(administrator);
  await put('first', token, '0');
  await logIn(page, administrator);
  await page.goto(`/admin/platforms/${NAME}`);
  await page.getByLabel('Description').fill('mine');
  await put('theirs', token, '1');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Somebody changed this platform')).toBeVisible();
  await expect(page.getByLabel('Description')).toHaveValue('mine');
  await page.getByRole('button', { name: 'Load what is there now' }).click();
  await expect(page.getByLabel('Description')).toHaveValue('theirs');
  await page.getByLabel('Description').fill('both');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved as version 3.')).toBeVisible();
});

test('draining the platform in use tells whom it concerns, and holds nobody up', async ({
  page,
}) => {
  await logIn(page, administrator);
  await page.goto('/admin/platforms/local');
  await expect(page.getByRole('table', { name: 'Limits' })).toContainText('Memory');
  await page.getByRole('button', { name: 'Drain' }).click();
  const question = page.getByRole('dialog', { name: 'Drain local?' });
  await expect(
    question.getByText(/The \d+ programs? that runs? on local may finish/),
  ).toBeVisible();
  await question.getByRole('button', { name: 'Drain' }).click();
  await expect(page.getByText('Draining')).toBeVisible();
  await page.getByRole('button', { name: 'Enable' }).click();
  await expect(page.getByText('Enabled')).toBeVisible();
});

async function put(description: string, token: string, version: string): Promise<void> {
  const response = await fetch(`${process.env.RUNYARD_E2E_URL}/api/v1/admin/platforms/${NAME}`, {
    method: 'PUT',
    headers: {
      'Content-Type': 'application/json',
      'If-Match': `"${version}"`,
      Authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ engine: 'linux', options: {}, description }),
  });
  expect(response.status).toBe(200);
}
