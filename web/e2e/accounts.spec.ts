import type { Page } from '@playwright/test';
import { expect, expectAccessible, test } from './fixtures.ts';
import {
  administrator,
  call,
  inventPerson,
  logIn,
  type Person,
  serverUrl,
  signUp,
  tokenOf,
} from './people.ts';
import { Authenticator } from './totp.ts';

// Every wrong password and every ended session is an answer of 401, which Chromium reports.
test.use({ expectedMessages: [/status of 4(0[1349]|22|29)/] });

const NEW_PASSWORD = 'another password of some length';

async function fillLogin(page: Page, login: string, password: string): Promise<void> {
  await page.getByLabel('Name or e-mail address').fill(login);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
}

async function logOut(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Account of ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await expect(page.getByRole('link', { name: 'Log in', exact: true }).first()).toBeVisible();
}

async function enrol(page: Page, person: Person): Promise<[Authenticator, string[]]> {
  await page.goto('/account/second-factor');
  await page.getByLabel('Your password').fill(person.password);
  await page.getByRole('button', { name: 'Set up an authenticator' }).click();
  const secret = await page.locator('.secret code').innerText();
  const authenticator = new Authenticator(secret);
  await page.getByLabel('The code it shows').fill(authenticator.next());
  await page.getByRole('button', { name: 'Confirm the code' }).click();
  const codes = page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem');
  await expect(codes).toHaveCount(10);
  return [authenticator, await codes.allInnerTexts()];
}

test('somebody signs up, sets up an authenticator, and logs in with codes', async ({ page }) => {
  const person = inventPerson();
  await page.goto('/sign-up');
  await page.getByLabel('Name').fill(person.name);
  await page.getByLabel('E-mail address').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Make an account' }).click();
  await expect(page.getByRole('button', { name: `Account of ${person.name}` })).toBeVisible();

  const [authenticator, codes] = await enrol(page, person);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`runyard-recovery-codes-${person.name}.txt`);
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await expect(page.getByText('10 recovery codes of 10 left')).toBeVisible();

  await logOut(page, person.name);
  await page.goto('/login?next=/account/second-factor');
  await fillLogin(page, person.name, person.password);
  await page.getByLabel('Code').fill('000000');
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByText('The code is wrong or was used already.')).toBeVisible();
  await expect(page.getByLabel('Code')).toBeFocused();
  await page.getByLabel('Code').fill(authenticator.next());
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByText('10 recovery codes of 10 left')).toBeVisible();

  await logOut(page, person.name);
  await page.goto('/login?next=/account/second-factor');
  await fillLogin(page, person.email, person.password);
  await page.getByLabel('Code').fill(codes[0]);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByText('9 recovery codes of 10 left')).toBeVisible();

  await page.getByRole('button', { name: 'Make new recovery codes' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your password').fill('not the password');
  await dialog.getByLabel('Code').fill(codes[1]);
  await dialog.getByRole('button', { name: 'Make new codes' }).click();
  await expect(dialog.getByText('The password is wrong.')).toBeVisible();
  await expect(dialog.getByLabel('Your password')).toBeFocused();
  await dialog.getByLabel('Your password').fill(person.password);
  await dialog.getByRole('button', { name: 'Make new codes' }).click();
  const others = page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem');
  await expect(others).toHaveCount(10);
  const [newCode] = await others.allInnerTexts();
  expect(codes).not.toContain(newCode);
  await page.getByRole('button', { name: 'I have kept them' }).click();

  await page.getByRole('button', { name: 'Remove the authenticator' }).click();
  await dialog.getByLabel('Your password').fill(person.password);
  await dialog.getByLabel('Code').fill(newCode);
  await dialog.getByRole('button', { name: 'Remove it' }).click();
  await expect(page.getByRole('button', { name: 'Set up an authenticator' })).toBeVisible();
});

test('signing up needs no mouse', async ({ page }) => {
  const person = inventPerson();
  await page.goto('/sign-up');
  await page.getByLabel('Name').focus();
  await page.keyboard.type(person.name);
  await page.keyboard.press('Tab');
  await page.keyboard.type('not an address@');
  await page.keyboard.press('Tab');
  await page.keyboard.type(person.password);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Show password' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('type', 'text');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(person.email);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: `Account of ${person.name}` })).toBeVisible();
});

test('what the server refuses stands at its field', async ({ page }) => {
  await page.goto('/sign-up');
  const password = page.getByLabel('Password', { exact: true });
  await page.getByLabel('Name').fill('admin');
  await page.getByLabel('E-mail address').fill('nobody@example.org');
  await password.fill('short');
  await expect(page.getByText('10 to 256 characters (now 5): not met yet')).toBeVisible();
  await password.fill('a password of some length');
  await page.getByRole('button', { name: 'Make an account' }).click();
  await expect(page.getByLabel('Name')).toBeFocused();
  await expect(page.getByLabel('Name')).toHaveAccessibleDescription(/'admin' is reserved/);
  await page.getByLabel('Name').fill('nobody');
  await password.fill('abababababab');
  await page.getByRole('button', { name: 'Make an account' }).click();
  await expect(password).toHaveAccessibleDescription(/too easy to guess/);
  await page.getByLabel('Name').fill(administrator.name);
  await password.fill('a password of some length');
  await page.getByRole('button', { name: 'Make an account' }).click();
  await expect(page.getByRole('alert')).toHaveText('The name or the e-mail address is taken.');
});

test('who is logged in goes on where the login leads, and nowhere else', async ({ page }) => {
  await logIn(page, await signUp());
  await page.goto('/login?next=/account/limits');
  await expect(page.getByRole('heading', { name: 'Limits', level: 1 })).toBeVisible();
  await expect(page.getByRole('meter', { name: 'CPU time used today' })).toBeVisible();
  await expect(page.getByText('2 GiB')).toBeVisible();
  await page.goto('/login?next=//elsewhere.example/');
  await expect(page).not.toHaveURL(/login/);
  expect(page.url()).toMatch(new RegExp(`^${serverUrl()}/`));
});

test('an invitation makes an account, once', async ({ page }) => {
  const token = await tokenOf(administrator);
  const person = inventPerson();
  const { path } = await call('POST', '/admin/invitations', { email: person.email }, token);
  await page.goto(path as string);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Accept the invitation');
  await page.getByLabel('Name').fill(person.name);
  await page.getByLabel('E-mail address').fill('somebody-else@example.org');
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Make an account' }).click();
  const email = page.getByLabel('E-mail address');
  await expect(email).toHaveAccessibleDescription('The invitation is for another e-mail address.');
  await email.fill(person.email);
  await page.getByRole('button', { name: 'Make an account' }).click();
  await expect(page.getByRole('button', { name: `Account of ${person.name}` })).toBeVisible();
  await logOut(page, person.name);
  await page.goto(path as string);
  await page.getByLabel('Name').fill(inventPerson().name);
  await page.getByLabel('E-mail address').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Make an account' }).click();
  await expect(page.getByRole('alert')).toContainText('unknown, used or expired');
});

test('a link of an administrator chooses a password', async ({ page }) => {
  const person = await signUp();
  const token = await tokenOf(administrator);
  const found = await call('GET', `/admin/accounts?query=${person.name}`, undefined, token);
  const [{ id }] = found.items as { id: string }[];
  const { path } = await call('POST', `/admin/accounts/${id}/password-link`, {}, token);

  await page.goto('/forgotten');
  await expect(page.getByText('This server sends no mail.')).toBeVisible();
  await page.goto(path as string);
  await page.getByLabel('New password').fill(NEW_PASSWORD);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await expect(page.getByText('The password is changed.')).toBeVisible();
  await page.getByRole('link', { name: 'Log in', exact: true }).last().click();
  await fillLogin(page, person.name, person.password);
  await expect(page.getByRole('alert')).toHaveText('The name or the password is wrong.');
  await page.getByLabel('Password', { exact: true }).fill(NEW_PASSWORD);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(page.getByRole('button', { name: `Account of ${person.name}` })).toBeVisible();
});

test('too many wrong passwords have to wait, with the seconds', async ({ page }) => {
  const person = await signUp();
  const wrong = { login: person.name, password: 'not the password' };
  for (let count = 0; count < 10; count++) {
    await page.request.post('/api/v1/auth/login', { data: wrong });
  }
  await page.goto('/login');
  await fillLogin(page, wrong.login, wrong.password);
  await expect(page.getByRole('alert')).toContainText(/Try again in \d+ min/);
  await expectAccessible(page);
});

test('a changed password ends the sessions elsewhere, and here it goes on', async ({
  page,
  browser,
  baseURL,
}) => {
  const person = await signUp();
  const elsewhere = await browser.newPage({ baseURL });
  for (const each of [page, elsewhere]) {
    await logIn(each, person);
    await each.goto('/account/sessions');
    await expect(each.getByText('This one')).toBeVisible();
  }
  await page.goto('/account/password');
  await page.getByLabel('Present password').fill('not the password');
  await page.getByLabel('New password').fill(NEW_PASSWORD);
  await page.getByRole('button', { name: 'Change the password' }).click();
  const former = page.getByLabel('Present password');
  await expect(former).toHaveAccessibleDescription('The password is wrong.');
  await former.fill(person.password);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.getByText('every other session has ended')).toBeVisible();

  await elsewhere.getByRole('link', { name: 'Tokens' }).click();
  const dialog = elsewhere.getByRole('dialog');
  await expect(dialog.getByText('has expired or was ended elsewhere')).toBeVisible();
  await elsewhere.close();
  await page.getByRole('link', { name: 'Sessions' }).click();
  await expect(page.getByText('This one')).toBeVisible();
});

test('sessions are listed in words and ended', async ({ page, browser, baseURL }) => {
  const person = await signUp();
  await tokenOf(person);
  await logIn(page, person);
  const elsewhere = await browser.newPage({ baseURL });
  await logIn(elsewhere, person);
  await page.goto('/account/sessions');
  const rows = page.getByRole('table', { name: 'Sessions' }).locator('tbody').getByRole('row');
  // One of signing up, one for a token, and those of two browsers.
  await expect(rows).toHaveCount(4);
  await expect(rows.first()).toContainText(/Chrome \d+ on Linux\s+This one/);
  await rows
    .nth(1)
    .getByRole('button', { name: /^End the session/ })
    .click();
  await page.getByRole('button', { name: 'End the session', exact: true }).click();
  await expect(rows).toHaveCount(3);
  await page.getByRole('button', { name: 'End all others' }).click();
  await page.getByRole('button', { name: 'End 2 sessions' }).click();
  await expect(rows).toHaveCount(1);
  await elsewhere.goto('/account');
  await expect(elsewhere.getByText('Log in to see your account.')).toBeVisible();
  await elsewhere.close();
});

test('a session that ended under somebody’s hands loses nothing that was typed', async ({
  page,
}) => {
  const person = await signUp();
  await logIn(page, person);
  await page.goto('/account/tokens');
  await page.getByRole('button', { name: 'Make a token' }).click();
  await page.getByLabel('Name', { exact: true }).fill('typed before');
  await call('DELETE', '/account/sessions', undefined, await tokenOf(person));
  await page.getByRole('button', { name: 'Make the token' }).click();
  const ended = page.getByRole('dialog', { name: 'You are not logged in any more' });
  await expect(ended).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(ended).toBeHidden();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('typed before');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Log in again' }).click();
  await ended.getByLabel('Password', { exact: true }).fill(person.password);
  await ended.getByRole('button', { name: 'Log in', exact: true }).click();
  await expect(ended).toBeHidden();
  await page.getByRole('button', { name: 'Make a token' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('typed before');
  await page.getByRole('button', { name: 'Make the token' }).click();
  await expect(page.getByRole('heading', { name: 'The token “typed before”' })).toBeFocused();
});

test('a token is shown once, works until it is revoked', async ({ page }) => {
  const person = await signUp();
  await logIn(page, person);
  await page.goto('/account/tokens');
  await expect(page.getByText('You have no token.')).toBeVisible();
  await page.getByRole('button', { name: 'Make a token' }).click();
  await page.getByLabel('Name', { exact: true }).fill('nightly <b>run</b>');
  await page.getByRole('checkbox', { name: /See your account/ }).check();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Make the token' }).click();
  const secret = await page.getByLabel('The token', { exact: true }).innerText();
  expect(secret).toMatch(/^ry_/);
  await expect(page.getByLabel('Example')).toContainText(`curl ${serverUrl()}/api/v1/executions`);
  await expectAccessible(page);
  const ask = () =>
    fetch(`${serverUrl()}/api/v1/account`, { headers: { Authorization: `Bearer ${secret}` } });
  expect(await (await ask()).json()).toMatchObject({ name: person.name });
  await page.reload();
  const row = page.getByRole('row', { name: /nightly <b>run/ });
  await expect(row).toContainText('Run code');
  await expect(row).not.toContainText('never');
  await expect(page.getByText(secret)).toHaveCount(0);
  await page.getByRole('button', { name: 'Revoke nightly <b>run</b>' }).click();
  await page.getByRole('button', { name: 'Revoke it' }).click();
  await expect(page.getByText('You have no token.')).toBeVisible();
  expect((await ask()).status).toBe(401);
});

test('somebody approves of a program, or sends it away', async ({ page }) => {
  const person = await signUp();
  const begin = () => call('POST', '/auth/device', { client: 'runyard on <i>a laptop</i>' });
  const take = (code: unknown) => call('POST', '/auth/device-token', { device_code: code });

  const first = await begin();
  await page.goto(`/device?code=${first.user_code}`);
  await page.getByRole('link', { name: 'Log in', exact: true }).last().click();
  await fillLogin(page, person.name, person.password);
  await expect(page.getByText('runyard on <i>a laptop</i>')).toBeVisible();
  await expect(page.getByText(first.user_code as string)).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('the program has its token')).toBeVisible();
  const { token } = await take(first.device_code);
  expect(await call('GET', '/account', undefined, token as string)).toMatchObject({
    name: person.name,
  });

  const second = await begin();
  await page.getByRole('button', { name: 'Log another program in' }).click();
  await page.getByLabel('Code').fill((second.user_code as string).toLowerCase().replace('-', ' '));
  await page.getByRole('button', { name: 'Find the program' }).click();
  await page.getByRole('button', { name: 'Deny' }).click();
  await expect(page.getByText('It got nothing.')).toBeVisible();
  await expect(take(second.device_code)).rejects.toThrow(/403/);
  await page.getByRole('button', { name: 'Type another code' }).click();
  await page.getByLabel('Code').fill('bcdfghjk');
  await page.getByRole('button', { name: 'Find the program' }).click();
  await expect(page.getByRole('alert')).toContainText('No program waits with this code');
});

test('an account is taken away and deleted', async ({ page }) => {
  const person = await signUp();
  await logIn(page, person);
  await page.goto('/account/data');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download everything' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`runyard-${person.name}.zip`);
  await page.getByRole('button', { name: 'Delete the account' }).click();
  const remove = page.getByRole('button', { name: 'Delete for good' });
  await expect(remove).toBeDisabled();
  await page.getByLabel('Your password').fill(person.password);
  await page.getByLabel(`Type ${person.name} to confirm`).fill(person.name);
  await expectAccessible(page);
  await remove.click();
  await expect(page.getByRole('link', { name: 'Log in', exact: true }).first()).toBeVisible();
  await expect(tokenOf(person)).rejects.toThrow(/401/);
});
