import { defineConfig } from '@playwright/test';

// What an administrator changes holds for everybody, and what is measured wants the machine.
const ALONE = /(admin-.*|latency|typing)\.spec\.ts/;

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  globalSetup: './e2e/global.ts',
  workers: Number(process.env.PLAYWRIGHT_WORKERS ?? 2),
  fullyParallel: true,
  projects: [
    { name: 'people', testMatch: /\.spec\.ts/, testIgnore: ALONE },
    // One after the other, and behind the rest.
    {
      name: 'alone',
      testMatch: ALONE,
      workers: 1,
      fullyParallel: false,
      dependencies: ['people'],
    },
    // `make screenshots`.
    { name: 'screenshots', testMatch: /\.shots\.ts/, workers: 1 },
  ],
  forbidOnly: true,
  // Machines that many share stall at times; what passed at the second try is told as flaky.
  retries: 1,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    get baseURL() {
      return process.env.RUNYARD_E2E_URL;
    },
    // Taking one of every test costs more than the test.
    trace: 'on-first-retry',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    },
  },
});
