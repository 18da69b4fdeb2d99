/** The first start of a server whose administrators need a second factor, and which is by invitation. */
import { expect, expectAccessible, test } from './fixtures.ts';
import { administrator } from './people.ts';
import { startServer } from './server.ts';
import { Authenticator } from './totp.ts';

test('the link that the server prints makes the first administrator', async ({ browser }) => {
  const server = await startServer({
    RUNYARD_SIGN_UP: 'invitation',
    RUNYARD_TOTP_ROLES: '["admin"]',
  });
  const context = await browser.newContext({ baseURL: server.url });
  const page = await context.newPage();
  try {
    await page.goto('/sign-up');
    await expect(page.getByText('Accounts are made by invitation on this server.')).toBeVisible();
    await page.goto('/setup');
    await expect(page.getByText('The address has nothing behind a #.')).toBeVisible();
    await page.goto('/');
    await page.goto(`/setup#${server.setupTicket}`);
    await page.getByLabel('Name').fill(administrator.name);
    await page.getByLabel('E-mail address').fill(administrator.email);
    await page.getByLabel('Password', { exact: true }).fill(administrator.password);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Make the administrator' }).click();

    await expect(page).toHaveURL(/\/account\/second-factor\?next=%2Fadmin$/);
    await page.goto('/account/tokens');
    await expect(page.getByText('wants a second factor of your account')).toBeVisible();
    await page.getByRole('link', { name: 'Set up an authenticator' }).click();
    await page.getByLabel('Your password').fill(administrator.password);
    await page.getByRole('button', { name: 'Set up an authenticator' }).click();
    const authenticator = new Authenticator(await page.locator('.secret code').innerText());
    await expectAccessible(page);
    await page.getByLabel('The code it shows').fill(authenticator.next());
    await page.getByRole('button', { name: 'Confirm the code' }).click();
    await expect(page.getByRole('list', { name: 'Recovery codes' })).toBeVisible();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await expect(page.getByRole('heading', { name: 'Tokens', level: 1 })).toBeVisible();
  } finally {
    await context.close();
    await server.stop();
  }
});
