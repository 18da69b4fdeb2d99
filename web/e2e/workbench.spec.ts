import { editorOf, makeFile, outputOf, saveAs, saving, write } from './bench.ts';
import { expect, expectAccessible, test } from './fixtures.ts';
import { logIn, signUp } from './people.ts';

interface Story {
  runtime: string;
  entry: string;
  main: string;
  /** Four files beside it; one of them has the mistake. */
  others: Record<string, string>;
  wrong: { path: string; line: number; mended: string };
  prints: string;
}

const STORIES: Story[] = [
  {
    runtime: 'python',
    entry: 'main.py',
    main: 'from shapes.circle import area as circle\nfrom shapes.square import area as square\n\nsides = int(open("side.txt").read())\nprint("areas", circle(sides), square(sides))\n',
    others: {
      'shapes/__init__.py': '',
      'shapes/circle.py': 'def area(radius):\n    return 3 * radius * radios\n',
      'shapes/square.py': 'def area(side):\n    return side * side\n',
      'side.txt': '4\n',
    },
    wrong: {
      path: 'shapes/circle.py',
      line: 2,
      mended: 'def area(radius):\n    return 3 * radius * radius\n',
    },
    prints: 'areas 48 16',
  },
  {
    runtime: 'java',
    entry: 'Main.java',
    main: 'public class Main {\n    public static void main(String[] args) {\n        Shape[] shapes = {new Circle(4), new Square(4)};\n        System.out.println("areas " + shapes[0].area() + " " + shapes[1].area());\n    }\n}\n',
    others: {
      'Shape.java': 'public interface Shape {\n    int area();\n}\n',
      'Circle.java':
        'public record Circle(int radius) implements Shape {\n    public int area() {\n        return 3 * radius * radios;\n    }\n}\n',
      'Square.java':
        'public record Square(int side) implements Shape {\n    public int area() {\n        return side * side;\n    }\n}\n',
      'README.md': '# Areas\n',
    },
    wrong: {
      path: 'Circle.java',
      line: 3,
      mended:
        'public record Circle(int radius) implements Shape {\n    public int area() {\n        return 3 * radius * radius;\n    }\n}\n',
    },
    prints: 'areas 48 16',
  },
  {
    runtime: 'cpp',
    entry: 'main.cpp',
    main: '#include "circle.hpp"\n#include "square.hpp"\n#include <iostream>\n\nint main() {\n    std::cout << "areas " << circle(4) << " " << square(4) << std::endl;\n}\n',
    others: {
      'circle.hpp': '#pragma once\nint circle(int radius);\n',
      'circle.cpp':
        '#include "circle.hpp"\n\nint circle(int radius) {\n    return 3 * radius * radios;\n}\n',
      'square.hpp': '#pragma once\nint square(int side);\n',
      'square.cpp': '#include "square.hpp"\n\nint square(int side) {\n    return side * side;\n}\n',
    },
    wrong: {
      path: 'circle.cpp',
      line: 4,
      mended:
        '#include "circle.hpp"\n\nint circle(int radius) {\n    return 3 * radius * radius;\n}\n',
    },
    prints: 'areas 48 16',
  },
  {
    runtime: 'javascript',
    entry: 'main.js',
    main: 'const circle = require("./shapes/circle.js");\nconst square = require("./shapes/square.js");\nconst { side } = require("./side.json");\n\nconsole.log("areas", circle(side), square(side));\n',
    others: {
      'shapes/circle.js': 'module.exports = (radius) => {\n  return 3 * radius * radios;\n};\n',
      'shapes/square.js': 'module.exports = (side) => side * side;\n',
      'side.json': '{ "side": 4 }\n',
      'README.md': '# Areas\n',
    },
    wrong: {
      path: 'shapes/circle.js',
      line: 2,
      mended: 'module.exports = (radius) => {\n  return 3 * radius * radius;\n};\n',
    },
    prints: 'areas 48 16',
  },
];

for (const story of STORIES) {
  test(`five files in ${story.runtime}: typed, run, failed, mended, run again`, async ({
    page,
  }) => {
    await logIn(page, await signUp());
    await page.goto(`/new/${story.runtime}`);
    await write(page, story.main);
    await saveAs(page, `Areas in ${story.runtime}`);
    for (const [path, text] of Object.entries(story.others)) await makeFile(page, path, text);
    await expect(page.getByRole('treeitem', { name: story.entry })).toContainText('runs');

    await page.keyboard.press('Control+Enter');
    const output = outputOf(page);
    const { path, line } = story.wrong;
    await output
      .getByRole('button', { name: new RegExp(`${path}\\b.*\\b${line}\\b`) })
      .first()
      .click();
    await expect(page.getByRole('textbox', { name: `Code editor: ${path}` })).toBeFocused();
    await expect(page.getByText(`Ln ${line}, Col`)).toBeVisible();

    await write(page, story.wrong.mended);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await expect(output.getByText(story.prints)).toBeVisible();
    await expect(saving(page)).toHaveText('Saved');
    await expect(page).toHaveTitle(/^✓ /);

    await page.reload();
    await expect(page.getByRole('treeitem')).toHaveCount(
      5 +
        new Set(
          Object.keys(story.others)
            .filter((each) => each.includes('/'))
            .map((each) => each.split('/')[0]),
        ).size,
    );
    await expect(outputOf(page).getByText(story.prints)).toBeVisible();
  });
}

test('what a guest typed survives a reload, and becomes a project after signing up', async ({
  page,
}) => {
  await page.goto('/new/python');
  await write(page, 'print("kept")\n');
  await expect(page.getByText('Draft, kept in this browser')).toBeVisible();
  await page.reload();
  await expect(editorOf(page)).toContainText('print("kept")');
  await page.keyboard.press('Control+Enter');
  await expect(outputOf(page).getByText('kept', { exact: true })).toBeVisible();

  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const person = await signUp();
  await page.getByRole('dialog').getByRole('link', { name: 'Log in' }).click();
  await page.getByLabel('Name or e-mail address').fill(person.name);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  const dialog = page.getByRole('dialog', { name: 'Save as a project' });
  await dialog.getByLabel('Name').fill('Kept');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Kept' })).toBeVisible();
  await expect(editorOf(page)).toContainText('print("kept")');
});

test('a picture that a program saves is shown without any setting', async ({ page }) => {
  await page.goto('/new/python');
  await write(
    page,
    'svg = \'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="teal"/></svg>\'\nopen("plot.svg", "w").write(svg)\n',
  );
  await page.keyboard.press('Control+Enter');
  await page.getByRole('tab', { name: /Artifacts/ }).click();
  await expect(page.getByRole('img', { name: /plot\.svg/ })).toBeVisible();
});

test('files are renamed, moved, deleted and uploaded', async ({ page }) => {
  await page.goto('/new/python');
  const tree = page.getByRole('tree', { name: 'Files' });
  await page.getByRole('button', { name: 'New folder' }).click();
  await page.getByRole('textbox', { name: 'Name of the new folder' }).fill('lib');
  await page.keyboard.press('Enter');
  await page.locator('[data-upload]').setInputFiles([
    { name: 'words.txt', mimeType: 'text/plain', buffer: Buffer.from('one two\n') },
    { name: 'noise.bin', mimeType: 'application/octet-stream', buffer: Buffer.from([0, 255, 254]) },
  ]);
  await expect(tree.getByRole('treeitem', { name: 'noise.bin, no text' })).toHaveAttribute(
    'aria-level',
    '2',
  );

  await tree.getByRole('treeitem', { name: 'words.txt' }).click();
  await tree.getByRole('treeitem', { name: 'words.txt' }).press('F2');
  await page.getByRole('textbox', { name: 'New name of lib/words.txt' }).fill('text.txt');
  await page.keyboard.press('Enter');
  await tree.getByRole('treeitem', { name: 'text.txt' }).click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Move to…' }).click();
  const move = page.getByRole('dialog', { name: 'Move text.txt' });
  await move.getByLabel('Folder').selectOption({ label: 'The top of the project' });
  await move.getByRole('button', { name: 'Move' }).click();
  await expect(tree.getByRole('treeitem', { name: 'text.txt' })).toHaveAttribute('aria-level', '1');

  await tree.getByRole('treeitem', { name: 'lib, folder' }).press('Delete');
  const confirm = page.getByRole('dialog', { name: 'Delete lib?' });
  await expect(confirm).toContainText('The folder lib with 1 file is deleted.');
  await confirm.getByRole('button', { name: 'Delete' }).click();
  await expect(tree.getByRole('treeitem')).toHaveCount(2);

  await page.keyboard.press('Control+P');
  await page.getByRole('combobox', { name: 'Files' }).fill('tex');
  await page.keyboard.press('Enter');
  await expect(editorOf(page)).toContainText('one two');
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1440, 390]) {
    test(`the workbench is accessible: ${colorScheme}, ${width} px`, async ({
      browser,
      baseURL,
    }) => {
      const context = await browser.newContext({
        baseURL,
        colorScheme,
        viewport: { width, height: 844 },
      });
      const page = await context.newPage();
      await page.goto('/new/python');
      await expect(editorOf(page)).toBeVisible();
      await expectAccessible(page);
      await page.keyboard.press('Control+Enter');
      await expect(outputOf(page).getByText('21 34')).toBeVisible();
      await expectAccessible(page);
      for (const [keys, title] of [
        ['Control+K', 'Commands and files'],
        ['?', 'Keyboard shortcuts'],
      ] as const) {
        const dialog = page.getByRole('dialog', { name: title });
        // What was closed gives the focus back a moment later, and the editor takes a `?` as text.
        await expect(async () => {
          await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
          await page.keyboard.press(keys);
          await expect(dialog).toBeVisible({ timeout: 3000 });
        }).toPass();
        await expectAccessible(page);
        await page.keyboard.press('Escape');
        await expect(page.getByRole('dialog')).toBeHidden();
      }
      await page.getByRole('button', { name: /^Runtime/ }).click();
      await expect(page.getByRole('option', { name: /Python/ }).first()).toBeVisible();
      await expectAccessible(page);
      await context.close();
    });
  }
}
