/** What every journey holds to: a silent console, no request elsewhere, no accessibility violation. */
import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type Page } from '@playwright/test';

const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

interface Fixtures {
  /** Console messages that a test provokes on purpose, such as an answer of 401. */
  expectedMessages: RegExp[];
}

export const test = base.extend<Fixtures>({
  expectedMessages: [[], { option: true }],
  context: async ({ context, baseURL, expectedMessages }, use) => {
    const complaints: string[] = [];
    context.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      const text = `${message.text()} ${message.location().url}`;
      if (!expectedMessages.some((each) => each.test(text))) complaints.push(text);
    });
    context.on('weberror', (error) => complaints.push(String(error.error())));
    context.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(baseURL!) && !/^(data|blob|about):/.test(url)) complaints.push(url);
    });
    await use(context);
    expect(complaints, 'errors in the console, or requests elsewhere').toEqual([]);
  },
});

/** Find no accessibility violation on the page as it is now. */
export async function expectAccessible(page: Page): Promise<void> {
  // Only what is wrong is told, and without a page of axe's own for frames of other sites: faster.
  const { violations } = await new AxeBuilder({ page })
    .options({ runOnly: STANDARDS, resultTypes: ['violations'] })
    .setLegacyMode()
    .analyze();
  const found = violations.map(({ id, nodes }) => ({ id, nodes: nodes.map((each) => each.html) }));
  expect(found).toEqual([]);
}

export { expect };
