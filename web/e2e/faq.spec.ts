/** The help: found, linked to, and harmless whatever an administrator wrote. */
import { expect, test } from './fixtures.ts';
import { lookAt } from './looks.ts';
import { administrator, call, tokenOf } from './people.ts';

test('questions about a language and about everything stand together and are searched', async ({
  page,
}) => {
  await page.goto('/faq');
  await expect(page.getByRole('heading', { name: 'About everything' })).toBeVisible();
  await page.getByLabel('Language').selectOption('python');
  await expect(page).toHaveURL(/runtime=python/);
  await expect(page.getByRole('heading', { name: 'Python', exact: true })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'About everything' })).toBeVisible();
  await page.getByRole('searchbox').fill('numpy');
  await expect(page.getByText('pip install')).toBeVisible();
  await expect(page.getByText('Why does input() raise EOFError?')).toHaveCount(0);
  await page.getByRole('searchbox').fill('zebra');
  await expect(page.getByText('No question matches “zebra”.')).toBeVisible();
});

test('a link leads to an answer, which is open', async ({ page }) => {
  await page.goto('/faq?runtime=py3');
  await page.getByText('Can I use pip, NumPy or other packages?').click();
  await page.getByRole('link', { name: 'Link to this answer' }).click();
  await expect(page).toHaveURL(/#python-can-i-use-pip/);
  await page.reload();
  await expect(page.getByRole('region', { name: 'python', exact: true })).toContainText(
    'importlib.metadata',
  );
  await expect(page.getByRole('region', { name: 'python', exact: true })).toBeInViewport();
});

test('an answer of an administrator brings no script, and no link that does harm', async ({
  page,
}) => {
  const token = await tokenOf(administrator);
  await call(
    'PUT',
    '/admin/faq/bash',
    [
      {
        question: 'Is <img src=x onerror=alert(1)> safe?',
        answer:
          '<script>alert(1)</script> [a](javascript:alert(1)) [b](https://example.org/) `code`',
      },
    ],
    token,
  );
  try {
    await page.goto('/faq?runtime=bash#bash-is-img-src-x-onerror-alert-1-safe');
    const answer = page.locator('details[open] .answer');
    await expect(answer).toContainText('<script>alert(1)</script> [a](javascript:alert(1))');
    await expect(answer.getByRole('link', { name: 'b', exact: true })).toHaveAttribute(
      'href',
      'https://example.org/',
    );
    await expect(page.locator('main :is(script, img)')).toHaveCount(0);
  } finally {
    await call('DELETE', '/admin/faq/bash', undefined, token);
  }
});

test('an open answer suits everybody', async ({ page }) => {
  await lookAt(page, '/faq?runtime=python', () =>
    page.getByText('Can I use pip, NumPy or other packages?').click(),
  );
});
