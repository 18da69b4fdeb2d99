/**
 * Pages as they open, in both themes, on a phone and on a desk. Those of accounts, of visitors and of
 * sharing are looked at beside their journeys.
 */
import { test } from './fixtures.ts';
import { lookAt } from './looks.ts';
import { administrator, logIn } from './people.ts';

const GUEST = ['/new/python', '/no-such-page'];
const OWN = ['/projects', '/runs'];
const ADMINISTRATION = [
  '/admin',
  '/admin/runs',
  '/admin/platforms',
  '/admin/runtimes',
  '/admin/policies',
  '/admin/users',
  '/admin/faq',
  '/admin/audit',
  '/admin/settings',
  '/admin/health',
];
test.describe('as a guest', () => {
  // A key or a link that is not known is answered so.
  test.use({ expectedMessages: [/status of (401|404)/] });
  for (const path of GUEST) {
    test(path, async ({ page }) => lookAt(page, path));
  }
});

test.describe('logged in', () => {
  for (const path of [...OWN, ...ADMINISTRATION]) {
    test(path, async ({ page }) => {
      await logIn(page, administrator);
      await lookAt(page, path);
    });
  }
});
