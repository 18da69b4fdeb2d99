import { administrator, call, logIn, signUp, tokenOf } from './people.ts';
import { expect, expectAccessible, test } from './fixtures.ts';

const ENDLESS = {
  runtime: 'python',
  wait: 0,
  limits: { wall_seconds: 60, cpu_seconds: 60 },
  files: [{ path: 'main.py', content: 'while True:\n    pass\n' }],
};

test("an administrator sees a person's endless program and stops it", async ({ page }) => {
  const person = await signUp();
  const token = await tokenOf(person);
  const { id } = await call('POST', '/executions', ENDLESS, token);

  await logIn(page, administrator);
  await page.goto(`/admin/runs?owner=${person.name}`);
  await expect(page).toHaveTitle('Runs – Runyard');
  const row = page.getByRole('row').filter({ hasText: person.name });
  await expect(row).toHaveCount(1);
  await expect(row.getByText('Running')).toBeVisible();

  await row.getByRole('button').press('Enter');
  const drawer = page.getByRole('dialog', { name: 'Run', exact: true });
  await expect(drawer.getByText(String(id))).toBeVisible();
  await expect(drawer.getByText('shown to its owner only')).toBeVisible();
  await drawer.getByRole('button', { name: 'Stop' }).click();
  const question = page.getByRole('dialog', { name: 'Stop this program?' });
  await expect(question.getByText('ends 1 program of 1 account')).toBeVisible();
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Stop it' }).click();

  await expect(drawer.getByText('Stopped')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(row.getByText('Stopped')).toBeVisible();
  const ended = await call('GET', `/executions/${id}`, undefined, token);
  expect(ended.outcome).toBe('cancelled');
});

test('all that match are stopped at once, with their number told first', async ({ page }) => {
  const person = await signUp();
  const token = await tokenOf(person);
  await call('POST', '/executions', ENDLESS, token);
  await call('POST', '/executions', ENDLESS, token);

  await logIn(page, administrator);
  await page.goto(`/admin/runs?owner=${person.name}`);
  const rows = page.getByRole('row').filter({ hasText: person.name });
  await expect(rows).toHaveCount(2);
  await page.getByRole('button', { name: 'Stop all that match…' }).click();
  const question = page.getByRole('dialog', { name: 'Stop 2 programs?' });
  await question.getByRole('button', { name: 'Stop 2 programs' }).click();
  await expect(rows.getByText('Stopped')).toHaveCount(2);
});

test('filters are in the address, and what is shown is saved as CSV', async ({ page }) => {
  const person = await signUp();
  const token = await tokenOf(person);
  const hello = { path: 'main.py', content: 'print("hello")' };
  await call('POST', '/executions', { runtime: 'python', wait: 20, files: [hello] }, token);

  await logIn(page, administrator);
  await page.goto('/admin/runs');
  await page.getByRole('textbox', { name: 'Account' }).fill(person.name);
  await page.getByRole('textbox', { name: 'Account' }).press('Enter');
  await expect(page).toHaveURL(new RegExp(`owner=${person.name}`));
  await page.getByLabel('Outcome').selectOption('Succeeded');
  const rows = page.getByRole('row').filter({ hasText: person.name });
  await expect(rows).toHaveCount(1);
  await page.reload();
  await expect(rows).toHaveCount(1);

  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as CSV' }).click();
  const file = await downloading;
  expect(file.suggestedFilename()).toMatch(/^runs-\d{4}-\d\d-\d\d\.csv$/);
  const lines = await readLines(await file.createReadStream());
  expect(lines[0]).toContain('id,state,outcome,account');
  expect(lines[1]).toContain(`,finished,succeeded,${person.name},`);
  expect(lines).toHaveLength(2);

  await page.getByLabel('Outcome').selectOption('Out of memory');
  await expect(page.getByText('No run matches.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).last().click();
  await expect(page).toHaveURL(/\/admin\/runs$/);
});

test('the overview tells what goes on', async ({ page }) => {
  const person = await signUp();
  const token = await tokenOf(person);
  const hello = { path: 'main.py', content: 'print("hello")' };
  await call('POST', '/executions', { runtime: 'python', wait: 20, files: [hello] }, token);

  await logIn(page, administrator);
  await page.goto('/admin');
  const health = page.getByRole('list', { name: 'Health' });
  await expect(health.getByText('Platform')).toBeVisible();
  const outcomes = page.getByRole('table', { name: 'Outcomes of the last 24 hours' });
  await expect(outcomes.getByRole('row').filter({ hasText: 'Succeeded' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Set up this server' })).toBeVisible();
  await page.getByRole('button', { name: 'Pause refreshing' }).click();
  await expect(page.getByText(', paused')).toBeVisible();
});

const PATHS = [
  '/admin',
  '/admin/runs?period=between',
  '/admin/platforms',
  '/admin/platforms/local',
  '/admin/platforms/new',
  '/admin/runtimes',
  '/admin/runtimes/awk',
  '/admin/runtimes/new?from=awk',
];

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    test(`pages are accessible in the ${colorScheme} theme at ${width}`, async ({ page }) => {
      test.slow();
      await logIn(page, administrator);
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      for (const path of PATHS) {
        await page.goto(path);
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
        await expect(page.getByText('Loading…')).toHaveCount(0);
        await expectAccessible(page);
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(overflow, path).toBeLessThanOrEqual(0);
      }
    });
  }
}

test('without the role there is no page, and the API refuses', async ({ page }) => {
  const person = await signUp();
  await logIn(page, person);
  for (const path of ['/admin', '/admin/runs', '/admin/platforms', '/admin/runtimes']) {
    await page.goto(path);
    await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
  }
  const token = await tokenOf(person);
  for (const path of ['overview', 'executions', 'platforms', 'runtimes']) {
    await expect(call('GET', `/admin/${path}`, undefined, token)).rejects.toThrow(/: 40[34] /);
  }
});

async function readLines(stream: NodeJS.ReadableStream): Promise<string[]> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text.split('\r\n').filter(Boolean);
}
