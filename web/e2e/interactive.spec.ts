/** Programs that ask, and people who answer. */
import { expect, expectAccessible, test } from './fixtures.ts';
import { expectEnding, openLongRun } from './runs.ts';

const DIALOGUE = `
name = input("Name? ")
age = int(input(f"Hello {name}, how old are you? "))
print(f"Next year you are {age + 1}.")
`;

test('a dialogue: answered twice, and echoed', async ({ page }) => {
  await openLongRun(page, DIALOGUE, { interactive: true });

  const log = page.getByRole('log');
  const field = page.getByRole('textbox', { name: 'Input' });
  await expect(log).toContainText('Name?');
  await expectAccessible(page);
  await field.fill('Ada');
  await field.press('Enter');
  await expect(log).toContainText('Name? Ada');
  await expect(log).toContainText('Hello Ada, how old are you?');
  await field.press('ArrowUp');
  await expect(field).toHaveValue('Ada');
  await field.fill('41');
  await field.press('Enter');

  await expectEnding(page, /exit code 0/);
  await expect(log).toContainText('Next year you are 42.');
  await expect(field).toHaveCount(0);
});

test('Ctrl+D closes the input', async ({ page }) => {
  await openLongRun(page, 'import sys\nprint("read", len(sys.stdin.read()))', {
    interactive: true,
  });

  const field = page.getByRole('textbox', { name: 'Input' });
  await field.fill('one');
  await field.press('Enter');
  await field.press('Control+d');
  await expectEnding(page, /exit code 0/);
  await expect(page.getByRole('log')).toContainText('read 4');
});

test('a terminal: Python answers at its prompt', async ({ page }) => {
  await openLongRun(page, 'import code\ncode.interact(banner="ready")', {
    interactive: true,
    terminal: { rows: 24, columns: 80 },
  });

  const rows = page.locator('.xterm-rows');
  await expect(rows).toContainText('ready');
  await expect(rows).toContainText('>>>');
  const keys = page.getByRole('textbox', { name: 'Terminal input' });
  await expect(keys).toBeFocused();
  await page.keyboard.type('6 * 7\n');
  await expect(rows).toContainText('42');
  await page.keyboard.press('F6');
  await expect(keys).not.toBeFocused();
  await keys.focus();
  await page.keyboard.type('exit()\n');
  await expectEnding(page, /exit code 0/);

  await page.getByRole('button', { name: 'Show as text' }).click();
  await expect(page.getByRole('log')).toContainText('42');
});

test('a terminal has the size that it is shown with', async ({ page }) => {
  const program = `
import os, time
while True:
    columns, rows = os.get_terminal_size()
    print(f"{columns}x{rows}", flush=True)
    if columns != 80: break
    time.sleep(0.05)
`;
  await openLongRun(page, program, {
    interactive: true,
    terminal: { rows: 24, columns: 80 },
  });

  await expectEnding(page, /exit code 0/);
});
