import { expect, test } from 'vitest';
import { groupLines, splitLine } from '#lib/execution/pieces.ts';
import { Screen } from '#lib/execution/screen.ts';

function linesOf(text: string) {
  const screen = new Screen();
  screen.write('stdout', text, 0);
  return screen.blocks().flatMap((block) => block.lines);
}

const NOTHING = { files: [], query: '', hasTimes: false };

test('plain neighbours are one text, others stand alone', () => {
  const groups = groupLines(linesOf('a\nb\n\u001b[31mc\u001b[m\nd\n\n'), NOTHING);
  expect(groups.map((group) => ('text' in group ? group.text : 'line'))).toEqual([
    'a\nb',
    'line',
    'd\n\n',
  ]);
});

test.each([
  ['a place in a file', { ...NOTHING, files: ['b.py'] }],
  ['what is searched for', { ...NOTHING, query: 'b.py' }],
])('%s makes a line stand alone', (_, marking) => {
  const groups = groupLines(linesOf('a\nB.py b.py:3\nc\n'), marking);
  expect(groups.map((group) => 'text' in group)).toEqual([true, false, true]);
});

test('with times every line stands alone', () => {
  expect(groupLines(linesOf('a\nb\n'), { ...NOTHING, hasTimes: true })).toHaveLength(2);
});

test('a line is cut where styles, places and matches begin and end', () => {
  const [line] = linesOf('at \u001b[1mmain.py\u001b[m:12 in main\n');
  const pieces = splitLine(line, { files: ['main.py'], query: 'in', current: 5 });
  expect(pieces.map((piece) => [piece.text, piece.location?.line ?? null, piece.match])).toEqual([
    ['at ', null, null],
    ['ma', 12, null],
    ['in', 12, 'current'],
    ['.py', 12, null],
    [':12', 12, null],
    [' ', null, null],
    ['in', null, 'match'],
    [' ma', null, null],
    ['in', null, 'match'],
  ]);
});
