/** What is seen of a run: colours, errors, limits, and how it ended. */
import type { Page } from '@playwright/test';
import { expect, expectAccessible, test } from './fixtures.ts';
import { call, logIn, signUp, tokenOf } from './people.ts';
import { expectEnding, openRun, submit } from './runs.ts';

const COLOURS = `
import sys
print("\\x1b[1;31mred\\x1b[0m plain \\x1b[38;2;250;250;250mpale\\x1b[0m \\x1b[42mback\\x1b[0m")
for percent in range(101):
    print(f"\\r{percent}%", end="")
print()
print("<b>no markup</b>")
print("to stderr", file=sys.stderr)
sys.exit(3)
`;

for (const theme of ['light', 'dark'] as const) {
  test(`colours and errors can be told apart and read, ${theme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme });
    await openRun(page, COLOURS);

    const log = page.getByRole('log');
    await expectEnding(page, /^Finished, exit code 3, \d+\.\d\d seconds$/);
    const red = log.getByText('red', { exact: true });
    await expect(red).toHaveCSS('font-weight', '700');
    await expect(red).toHaveCSS(
      'color',
      theme === 'light' ? 'rgb(179, 35, 34)' : 'rgb(244, 123, 116)',
    );
    await expect(log).toContainText('<b>no markup</b>');
    await expect(log).toContainText('100%');
    await expect(log).not.toContainText('99%');
    await expect(log.getByText('stderr: ')).toBeAttached();
    await expect(log.getByText('to stderr')).toHaveCSS(
      'color',
      theme === 'light' ? 'rgb(176, 43, 39)' : 'rgb(249, 143, 135)',
    );
    await expectAccessible(page);
  });
}

test('a place in a file of the project is a button that leads there', async ({ page }) => {
  const person = await signUp();
  await logIn(page, person);
  const token = await tokenOf(person);
  const { project } = await call(
    'POST',
    '/projects',
    {
      name: 'broken',
      setup: { runtime: 'python' },
      files: [{ path: 'main.py', content: 'print(1)\n1 / 0\n' }],
    },
    token,
  );
  const run = await call('POST', `/projects/${(project as { id: string }).id}/run`, {}, token);
  await page.goto(`/runs/${run.id}`);

  const place = page.getByRole('log').getByRole('button', { name: /main\.py/ });
  await expect(place).toHaveAttribute('title', 'Open main.py at line 2');
});

test('a program that did not compile was not run', async ({ page }) => {
  const id = await submit('c', { 'main.c': 'int main() { retur 0; }' });
  await page.goto(`/runs/${id}`);

  await expectEnding(page, /Did not compile.*The program was not run\./);
  await expect(page.getByRole('log').getByText('Compiler', { exact: true })).toBeVisible();
  await expect(page.getByRole('log')).toContainText('main.c:1:14: error');
});

test('a limit of time is told with its number, and output is kept', async ({ page }) => {
  await openRun(page, 'print("begun", flush=True)\nwhile True: pass', {
    limits: { wall_seconds: 1 },
  });

  await expectEnding(page, /Stopped at the 1 s limit/);
  await expect(page.getByRole('log')).toContainText('begun');
  await expectAccessible(page);
});

test('a limit of memory is told with its number', async ({ page }) => {
  await openRun(page, 'kept = []\nwhile True: kept.append(bytearray(1 << 20))', {
    limits: { memory_bytes: 64 * 1024 * 1024 },
  });

  await expectEnding(page, /Out of memory \(64 MiB\)/);
});

async function countLines(page: Page): Promise<number> {
  const text = await page.getByRole('log').textContent();
  return text!.split('\n').length;
}

test('a flood of output is cut, its end is shown, and all that was kept can be saved', async ({
  page,
}) => {
  await openRun(page, 'for n in range(10_000_000): print("line", n)');

  await expectEnding(page, /Output cut at 1 MiB/);
  await expect(page.getByText(/KiB hidden/)).toBeAttached();
  // The page holds the end of it, and not much more.
  await expect.poll(() => countLines(page)).toBeGreaterThan(4000);
  expect(await countLines(page)).toBeLessThan(5200);
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download all output' }).click();
  const saved = await (await saving).createReadStream();
  let bytes = 0;
  for await (const chunk of saved) bytes += (chunk as Buffer).length;
  expect(bytes).toBe(1024 * 1024);
});

test('a signal is told by name and by what it means', async ({ page }) => {
  await openRun(page, 'import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)');

  await expectEnding(page, /SIGSEGV.*The program used memory that is not its own\./);
});

test('output is searched, wrapped and copied', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openRun(page, 'for n in range(300): print("line", n)');
  await expectEnding(page, /exit code 0/);

  await page.getByRole('button', { name: 'Find in the output' }).click();
  await page.getByRole('searchbox', { name: 'Find in the output' }).fill('LINE 29');
  await expect(page.getByText('1 of 11')).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByText('2 of 11')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Close search' }).click();

  await page.getByRole('button', { name: 'Copy what is shown' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(Array.from({ length: 300 }, (_, n) => `line ${n}\n`).join(''));
});

test.describe('at 320 px', () => {
  test.use({ viewport: { width: 320, height: 640 } });

  test('nothing is wider than the window', async ({ page }) => {
    await openRun(page, 'print("x" * 500)');
    await expectEnding(page, /exit code 0/);

    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(320);
    await expectAccessible(page);
  });
});

test.describe('a run that there is not', () => {
  test.use({ expectedMessages: [/404/] });

  test('is said not to be there', async ({ page }) => {
    await page.goto('/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.getByRole('log')).toHaveCount(0);
  });
});
