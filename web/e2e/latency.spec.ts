/** How long it takes from the click on Run until the first output is painted. */
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { write } from './bench.ts';
import { awaitSelfTests, SELF_TESTS_MS } from './self-tests.ts';

const RUNS = 21;
// What is aimed at is 80 ms; machines that run these tests do other things as well.
const MEDIAN_MAX_MS = 160;

test('the first output is on the screen soon after the click', async ({ page }) => {
  test.setTimeout(SELF_TESTS_MS + 60_000);
  await awaitSelfTests();
  await page.goto('/new/python');
  await write(page, 'import time\nprint(time.time_ns())\n');
  const taken: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const measured = measure(page);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    taken.push(await measured);
    await expect(page.getByRole('status').filter({ hasText: /^Finished/ })).toBeVisible();
  }
  taken.sort((a, b) => a - b);
  const median = taken[Math.floor(RUNS / 2)];
  process.stdout.write(
    `click to output: median ${median.toFixed(0)} ms, from ${taken[0].toFixed(0)} to ${taken.at(-1)!.toFixed(0)}\n`,
  );
  expect(median).toBeLessThan(MEDIAN_MAX_MS);
});

/** Milliseconds from the next click to the frame that shows another time than was shown. */
function measure(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const read = () =>
          /\d{19}/.exec(document.querySelector('[role=log]')?.textContent ?? '')?.[0];
        const former = read();
        const begin = (click: Event) => {
          const observer = new MutationObserver(() => {
            const shown = read();
            if (shown === undefined || shown === former) return;
            observer.disconnect();
            // Behind the frame that paints it.
            requestAnimationFrame(() =>
              setTimeout(() => resolve(performance.now() - click.timeStamp)),
            );
          });
          observer.observe(document.body, { childList: true, subtree: true, characterData: true });
        };
        addEventListener('click', begin, { capture: true, once: true });
      }),
  );
}
