import { expect, test } from 'vitest';
import {
  contrast,
  makeLegible,
  paletteColour,
  parseRgb,
  type Rgb,
  textColourOn,
} from '#lib/execution/colour.ts';

const ON: Rgb[] = [
  [242, 243, 246],
  [10, 12, 16],
];

test('every colour can be read in both themes', () => {
  for (let index = 16; index < 256; index++) {
    const colour = parseRgb(paletteColour(index) as string);
    for (const on of ON) expect(contrast(makeLegible(colour, on), on)).toBeGreaterThanOrEqual(4.5);
  }
});

test('a colour that can be read stays as it is', () => {
  expect(makeLegible([255, 135, 0], ON[1])).toEqual([255, 135, 0]);
});

test('text on every background can be read', () => {
  for (let index = 16; index < 256; index++) {
    const background = paletteColour(index) as string;
    const text = textColourOn(background, background);
    expect(contrast(parseRgb(text), parseRgb(background))).toBeGreaterThanOrEqual(4.5);
  }
});
