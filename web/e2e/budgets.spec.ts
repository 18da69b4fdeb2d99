/** How much JavaScript a page loads until it can be used, gzipped, as a visitor's browser gets it. */
import { gzipSync } from 'node:zlib';
import { expect, test } from './fixtures.ts';
import { administrator, logIn } from './people.ts';

const KIB = 1024;
const PAGES = [
  { path: '/', heading: /./, budgetKib: 75 },
  { path: '/gallery', heading: 'Gallery', budgetKib: 110 },
  { path: '/faq', heading: 'Help', budgetKib: 110 },
  { path: '/projects', heading: 'Projects', budgetKib: 110, asAdministrator: true },
  { path: '/new/python', heading: /./, budgetKib: 280 },
  { path: '/admin', heading: 'Overview', budgetKib: 150, asAdministrator: true },
  { path: '/admin/runtimes', heading: 'Runtimes', budgetKib: 150, asAdministrator: true },
  { path: '/admin/policies', heading: 'Policies', budgetKib: 150, asAdministrator: true },
];

for (const { path, heading, budgetKib, asAdministrator } of PAGES) {
  test(`${path} loads at most ${budgetKib} KiB of scripts`, async ({ page }, info) => {
    if (asAdministrator) await logIn(page, administrator);
    const sizes: Promise<number>[] = [];
    page.on('response', (response) => {
      if (response.request().resourceType() === 'script') {
        sizes.push(response.body().then((body) => gzipSync(body, { level: 9 }).length));
      }
    });

    await page.goto(path, { waitUntil: 'networkidle' });
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeAttached();
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / KIB;

    info.annotations.push({ type: 'KiB', description: total.toFixed(1) });
    process.stdout.write(`${path}: ${total.toFixed(1)} KiB of ${budgetKib}\n`);
    expect(total).toBeLessThanOrEqual(budgetKib);
  });
}
