/**
 * Colours that programs ask for. The sixteen named ones are the theme's own; all others are moved
 * in lightness until they can be read on what they stand on, for each theme by itself.
 */
export type Rgb = readonly [red: number, green: number, blue: number];

/** A number is one of the theme's sixteen, `var(--ansi-N)`. */
export type Colour = number | string;

// What the log stands on: --sunken of src/app.css.
const SUNKEN = { light: [242, 243, 246], dark: [10, 12, 16] } as const;
const CONTRAST_MIN = 4.5;
const STEPS = 20;
const CUBE = [0, 95, 135, 175, 215, 255];

/** The colour with this number of the 256. */
export function paletteColour(index: number): Colour {
  if (index < 16) return index;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return rgb(grey, grey, grey);
  }
  const cube = index - 16;
  return rgb(CUBE[Math.floor(cube / 36)], CUBE[Math.floor(cube / 6) % 6], CUBE[cube % 6]);
}

export function rgb(red: number, green: number, blue: number): string {
  return `#${[red, green, blue].map((each) => each.toString(16).padStart(2, '0')).join('')}`;
}

export function parseRgb(colour: string): Rgb {
  const number = Number.parseInt(colour.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

/** The contrast of WCAG 2 between two colours, 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Mix in black or white, as little as it takes, so that text in `colour` is legible on `on`. */
export function makeLegible(colour: Rgb, on: Rgb): Rgb {
  const target: Rgb = luminance(on) > 0.18 ? [0, 0, 0] : [255, 255, 255];
  for (let step = 0; step < STEPS; step++) {
    const mixed = mix(colour, target, step / STEPS);
    if (contrast(mixed, on) >= CONTRAST_MIN) return mixed;
  }
  return target;
}

/** How text in `colour` is written on the log, in CSS. */
export function textColour(colour: string): string {
  const asked = parseRgb(colour);
  const [light, dark] = [SUNKEN.light, SUNKEN.dark].map((on) => rgb(...makeLegible(asked, on)));
  return light === dark ? light : `light-dark(${light}, ${dark})`;
}

/** How text in `colour`, or in whatever can be read, is written on a background of its own. */
export function textColourOn(background: string, colour: Colour | null): string {
  const on = parseRgb(background);
  if (typeof colour === 'string' && contrast(parseRgb(colour), on) >= CONTRAST_MIN) return colour;
  return luminance(on) > 0.18 ? '#000000' : '#ffffff';
}

function mix(one: Rgb, other: Rgb, share: number): Rgb {
  const [red, green, blue] = one.map((each, i) => Math.round(each + (other[i] - each) * share));
  return [red, green, blue];
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((each) => {
    const value = each / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
