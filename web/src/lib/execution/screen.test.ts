import { expect, test } from 'vitest';
import { Screen, textOf, textOfBlocks } from '#lib/execution/screen.ts';

function show(...pieces: string[]): string[] {
  const screen = new Screen();
  for (const piece of pieces) screen.write('stdout', piece, 0);
  return screen.blocks().flatMap((block) => block.lines.map(textOf));
}

test.each<[string, string[], string[]]>([
  ['lines', ['one\ntwo\n'], ['one', 'two']],
  ['a line that has not ended', ['Name? '], ['Name? ']],
  ['a line in pieces', ['on', 'e\nt', 'wo'], ['one', 'two']],
  ['line ends of Windows', ['one\r\ntwo\r\n'], ['one', 'two']],
  ['empty lines', ['\n\na'], ['', '', 'a']],
  ['a progress bar', [' 10%\r 50%\r100%\n'], ['100%']],
  // pip and tqdm write shorter text over longer one, and erase what is left.
  ['an erased rest', ['downloading\rdone\u001b[K\n'], ['done']],
  ['an erased line', ['abc\u001b[2K\rx\n'], ['x']],
  ['an erased beginning', ['abcdef\u001b[3D\u001b[1K\n'], ['    ef']],
  ['a spinner of backspaces', ['|\b/\b-\b\\\n'], ['\\']],
  ['a column', ['abc\u001b[2GX\n'], ['aXc']],
  ['a gap', ['a\u001b[3Cb\n'], ['a   b']],
  ['a sequence cut in two', ['\u001b[3', '1mred\u001b', '[0m\n'], ['red']],
  ['a title', ['\u001b]0;a title\u0007text\n'], ['text']],
  ['a title that never ends', ['\u001b]0;', 'x'.repeat(5000), '\nb\n'], ['x'.repeat(908), 'b']],
  ['a hyperlink', ['\u001b]8;;http://x/\u001b\\text\u001b]8;;\u001b\\\n'], ['text']],
  ['what moves elsewhere', ['\u001b[2J\u001b[10;20Htext\u001b[?25l\n'], ['text']],
  ['a character set', ['\u001b(Btext\n'], ['text']],
  ['bells and zeros', ['a\u0007\u0000b\u009b\n'], ['ab']],
  ['a broken sequence', ['\u001b[31\nm\n'], ['', 'm']],
])('%s', (_, pieces, expected) => {
  expect(show(...pieces)).toEqual(expected);
});

test('what was typed stands behind the prompt', () => {
  const screen = new Screen();
  screen.write('stdout', 'Name? ', 0);
  screen.write('stdin', 'Ada\n', 0);
  screen.write('stdout', 'Hello Ada\n', 0);

  const [first] = screen.blocks()[0].lines;
  expect(first.spans.map((span) => [span.stream, span.text])).toEqual([
    ['stdout', 'Name? '],
    ['stdin', 'Ada'],
  ]);
});

test('colours of one stream do not spill into the other', () => {
  const screen = new Screen();
  screen.write('stderr', '\u001b[31mbad', 0);
  screen.write('stdout', 'good\n', 0);

  const styles = screen.blocks()[0].lines[0].spans.map((span) => span.style?.foreground ?? null);
  expect(styles).toEqual([1, null]);
});

test('old lines go by whole blocks, and are counted', () => {
  const screen = new Screen({ lines: 1000, characters: 1e9 });
  for (let line = 0; line < 2000; line++) screen.write('stdout', `line ${line}\n`, 0);

  const lines = screen.blocks().flatMap((block) => block.lines);
  expect(lines.length).toBeLessThanOrEqual(1000);
  expect(lines.length).toBeGreaterThan(800);
  expect(textOf(lines.at(-1)!)).toBe('line 1999');
  const kept = textOfBlocks(screen.blocks()).length;
  const written = Array.from({ length: 2000 }, (_, n) => `line ${n}\n`).join('').length;
  expect(screen.hiddenCharacters).toBe(written - kept);
});

test('a line without an end is cut for show and whole when copied', () => {
  const screen = new Screen();
  const text = 'x'.repeat(10_000);
  screen.write('stdout', `${text}\n`, 0);

  expect(screen.blocks()[0].lines.length).toBe(3);
  expect(textOfBlocks(screen.blocks())).toBe(`${text}\n`);
});

test('blocks that did not change stay the same objects', () => {
  const screen = new Screen();
  screen.write('stdout', 'a\n'.repeat(150), 0);
  const before = screen.blocks();
  screen.write('stdout', 'b\n', 0);
  const after = screen.blocks();

  expect(after[0]).toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
});

test('a program that moves about in a line for long does not take long', () => {
  const begun = performance.now();
  show('\u001b[31mab\r\u001b[32mc\u001b[9C'.repeat(50_000));
  expect(performance.now() - begun).toBeLessThan(5000);
});
