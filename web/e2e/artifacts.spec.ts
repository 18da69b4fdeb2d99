/** The files that a program leaves. */
import { expect, expectAccessible, test } from './fixtures.ts';
import { expectEnding, openRun } from './runs.ts';

// A picture of 64 × 48 pixels, by what Python brings.
const PROGRAM = `
import struct, zlib

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

rows = b"".join(b"\\0" + bytes(v for x in range(64) for v in (4 * x, 5 * y, 128)) for y in range(48))
head = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)
with open("plot.png", "wb") as file:
    file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", head))
    file.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
open("table.csv", "w").write('name,count\\n"a, b",1\\nc,2\\n')
open("page.html", "w").write("<h1>Hello</h1><script>parent.document.title = 'ran'</script>")
open("x.svg", "w").write('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>')
`;
const ARTIFACTS = { artifacts: ['*.png', '*.csv', '*.html', '*.svg'] };

test.describe('of every kind', () => {
  // A page that is shown wants to run its script, and may not.
  test.use({ expectedMessages: [/Blocked script execution|Content Security Policy/] });

  test('pictures and tables are shown, pages without their scripts', async ({ page }) => {
    await openRun(page, PROGRAM, ARTIFACTS);
    await expectEnding(page, /exit code 0/);
    await page.getByRole('tab', { name: 'Artifacts 4' }).click();

    const picture = page.getByRole('img', { name: 'Made by the program: plot.png' });
    await expect(picture).toBeVisible();
    await expect
      .poll(() =>
        picture.evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight]),
      )
      .toEqual([64, 48]);
    const table = page.getByRole('table', { name: 'Content of table.csv' });
    await expect(table.getByRole('cell', { name: 'a, b' })).toBeVisible();
    await expect(page.getByRole('img', { name: 'Made by the program: x.svg' })).toBeVisible();
    await expectAccessible(page);

    const title = await page.title();
    await page.getByRole('button', { name: 'Show page' }).click();
    const frame = page.frameLocator('iframe[title="Page made by the program: page.html"]');
    await expect(frame.getByRole('heading', { name: 'Hello' })).toBeVisible();
    expect(await page.title()).toBe(title);
  });
});

test('all are saved in one archive', async ({ page }) => {
  await openRun(page, PROGRAM, ARTIFACTS);
  await expectEnding(page, /exit code 0/);
  await page.getByRole('tab', { name: 'Artifacts 4' }).click();

  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download all' }).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toMatch(/\.zip$/);
  const chunks: Buffer[] = [];
  for await (const chunk of await saved.createReadStream()) chunks.push(chunk as Buffer);
  const archive = Buffer.concat(chunks);
  for (const name of ['plot.png', 'table.csv', 'page.html', 'x.svg']) {
    expect(archive.includes(name)).toBe(true);
  }
});
