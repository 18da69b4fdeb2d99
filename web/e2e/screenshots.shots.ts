/**
 * Pictures of pages: those of docs/images, or with RUNYARD_SHOTS=all every page in both themes, on a
 * desk and on a phone, to be looked at.
 */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { administrator, logIn, type Person } from './people.ts';
import { makeWorld, type World } from './samples.ts';
import { awaitSelfTests, SELF_TESTS_MS } from './self-tests.ts';

const EVERYTHING = process.env.RUNYARD_SHOTS === 'all';
type Theme = 'light' | 'dark';
const THEMES: readonly Theme[] = ['light', 'dark'];
const DESK = { width: 1440, height: 900 };
const SIZES = EVERYTHING ? [DESK, { width: 390, height: 844 }] : [DESK];
const ROOT = join(import.meta.dirname, '..');
const FOLDER = EVERYTHING ? join(ROOT, 'test-results', 'looks') : join(ROOT, '../docs/images');

interface Shot {
  name: string;
  path: string | ((world: World) => string);
  as?: 'owner' | 'administrator';
  /** The themes of it that docs/images has. */
  shown?: readonly Theme[];
  prepare?: (page: Page) => Promise<unknown>;
}

const SHOTS: Shot[] = [
  { name: 'landing', path: '/', shown: ['light'], prepare: runExample },
  { name: 'languages', path: '/new' },
  { name: 'gallery', path: '/gallery', shown: ['light'] },
  { name: 'shared', path: ({ link }) => `/shared/${link}`, prepare: runExample },
  { name: 'embed', path: ({ link }) => `/embed/${link}` },
  { name: 'help', path: '/faq' },
  { name: 'login', path: '/login' },
  { name: 'sign-up', path: '/sign-up' },
  { name: 'missing', path: '/nowhere' },
  { name: 'draft', path: '/new/python' },
  {
    name: 'workbench',
    path: ({ project }) => `/projects/${project}`,
    as: 'owner',
    shown: THEMES,
    prepare: runProject,
  },
  { name: 'projects', path: '/projects', as: 'owner', shown: ['dark'] },
  { name: 'runs', path: '/runs', as: 'owner' },
  { name: 'run', path: ({ run }) => `/runs/${run}`, as: 'owner' },
  ...['', '/password', '/second-factor', '/sessions', '/tokens', '/limits', '/data'].map(
    (part): Shot => ({
      name: `account${part.replace('/', '-')}`,
      path: `/account${part}`,
      as: 'owner',
    }),
  ),
  { name: 'admin', path: '/admin', as: 'administrator', shown: ['light'] },
  { name: 'admin-runtimes', path: '/admin/runtimes', as: 'administrator', shown: ['dark'] },
  ...[
    'runs',
    'platforms',
    'platforms/local',
    'platforms/new',
    'runtimes/python',
    'runtimes/new',
    'policies',
    'policies/defaults',
    'users',
    'faq',
    'audit',
    'settings',
    'health',
  ].map((part): Shot => ({
    name: `admin-${part.replace('/', '-')}`,
    path: `/admin/${part}`,
    as: 'administrator',
  })),
];

// A page that is not there is answered so.
test.use({ deviceScaleFactor: 1, expectedMessages: [/status of 404/] });

test('pages are pictured', async ({ browser }) => {
  test.setTimeout(SELF_TESTS_MS + SHOTS.length * 60_000);
  const world = await makeWorld();
  await awaitSelfTests();
  const people: Record<string, Person | null> = { owner: world.owner, administrator, '': null };
  for (const [role, person] of Object.entries(people)) {
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    const page = await context.newPage();
    if (person) await logIn(page, person);
    for (const shot of SHOTS.filter((each) => (each.as ?? '') === role)) {
      await take(page, shot, world);
    }
    await context.close();
  }
});

async function take(page: Page, shot: Shot, world: World): Promise<void> {
  for (const theme of EVERYTHING ? THEMES : (shot.shown ?? [])) {
    for (const size of SIZES) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize(size);
      const { path } = shot;
      await page.goto(typeof path === 'string' ? path : path(world), { waitUntil: 'networkidle' });
      await shot.prepare?.(page);
      const name = [shot.name, theme, ...(EVERYTHING ? [size.width] : [])].join('-');
      // A page that is to be looked at is shown whole, down to where nobody scrolls.
      await page.screenshot({
        path: join(FOLDER, `${name}.png`),
        fullPage: EVERYTHING,
        animations: 'disabled',
        caret: 'hide',
      });
    }
  }
}

async function runExample(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Run/ }).first().click();
  await expect(page.getByText(/exit code 0/i).first()).toBeVisible();
}

async function runProject(page: Page): Promise<void> {
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('status').filter({ hasText: /^Finished/ })).toBeVisible();
  await page.getByRole('tab', { name: /^Artifacts/ }).click();
  await expect(page.getByRole('img', { name: /walk\.svg/ })).toBeVisible();
}
