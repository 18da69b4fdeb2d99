import { expect, test } from 'vitest';
import { AnsiReader, type Style } from '#lib/execution/ansi.ts';

function read(...pieces: string[]): [string, Partial<Style> | null][] {
  const found: [string, Partial<Style> | null][] = [];
  const reader = new AnsiReader({
    write: (text, style) => found.push([text, style && shorten(style)]),
    newLine: () => {},
    moveTo: () => {},
    moveBy: () => {},
    eraseLine: () => {},
  });
  pieces.forEach((piece) => reader.read(piece));
  return found;
}

function shorten(style: Style): Partial<Style> {
  return Object.fromEntries(
    Object.entries(style).filter(([, value]) => value !== null && value !== false),
  );
}

// As gcc, cargo, pytest, npm and others write them.
test.each<[string, string, [string, object | null][]]>([
  ['python', '\u001b[1;31mhéllo\u001b[0m\n', [['héllo', { bold: true, foreground: 1 }]]],
  [
    'gcc',
    '\u001b[01m\u001b[Kmain.c:1:26:\u001b[m\u001b[K \u001b[01;31m\u001b[Kerror: \u001b[m\u001b[K',
    [
      ['main.c:1:26:', { bold: true }],
      [' ', null],
      ['error: ', { bold: true, foreground: 1 }],
    ],
  ],
  [
    'cargo',
    '\u001b[0m\u001b[1m\u001b[38;5;9merror\u001b[0m',
    [['error', { bold: true, foreground: 9 }]],
  ],
  [
    'bright',
    '\u001b[92mok\u001b[39m.',
    [
      ['ok', { foreground: 10 }],
      ['.', null],
    ],
  ],
  ['background', '\u001b[41;97mFAIL\u001b[49;39m', [['FAIL', { background: 1, foreground: 15 }]]],
  ['256', '\u001b[38;5;208mo\u001b[m', [['o', { foreground: '#ff8700' }]]],
  ['grey', '\u001b[38;5;240mo\u001b[m', [['o', { foreground: '#585858' }]]],
  ['true colour', '\u001b[48;2;1;2;3mo\u001b[m', [['o', { background: '#010203' }]]],
  ['true colour with colons', '\u001b[38:5:9mo\u001b[m', [['o', { foreground: 9 }]]],
  [
    'attributes',
    '\u001b[3;4;7;9ma\u001b[23;24;27;29mb',
    [
      ['a', { italic: true, underline: true, inverse: true, strike: true }],
      ['b', null],
    ],
  ],
  [
    'a colour that there is not',
    '\u001b[38;5;999;1ma\u001b[38;2;1;999;3mb',
    [
      ['a', { bold: true }],
      ['b', { bold: true }],
    ],
  ],
  ['markup', '<script>alert(1)</script>', [['<script>alert(1)</script>', null]]],
])('%s', (_, text, expected) => {
  expect(read(text)).toEqual(expected);
});

test('it reads the same wherever the text is cut', () => {
  const text = 'a\u001b[1;38;5;208mb\u001b]0;title\u0007c\u001b[0md\u001b(Be';
  const whole = read(text)
    .map(([piece]) => piece)
    .join('');
  for (let at = 1; at < text.length; at++) {
    const cut = read(text.slice(0, at), text.slice(at));
    expect(cut.map(([piece]) => piece).join('')).toBe(whole);
    expect(cut.find(([piece]) => piece.includes('b'))?.[1]).toEqual({
      bold: true,
      foreground: '#ff8700',
    });
  }
});
