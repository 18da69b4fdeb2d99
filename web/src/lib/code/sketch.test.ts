import { expect, test } from 'vitest';
import { sketch } from '#lib/code/sketch.ts';

test.each([
  ['main.py', 'def f(x): # "no string"\n    return "a # b" + str(12)'],
  ['main.c', "#include <stdio.h>\n/* int */ int main(void) { return 'x'; } // end"],
  ['main.js', 'const a = `many\nlines`; // "'],
  ['a.rs', "fn f<'a>(x: &'a str) {}"],
  ['x.txt', '"never closed'],
  ['x', ''],
])('%s loses nothing of its text', (path, text) => {
  expect(
    sketch(path, text)
      .map((part) => part.text)
      .join(''),
  ).toBe(text);
});

test('comments, strings, numbers and words are told apart', () => {
  const kinds = Object.fromEntries(
    sketch('main.py', 'def f(): # say "x"\n    return "y", 12').map((part) => [
      part.text,
      part.classes,
    ]),
  );
  expect(kinds).toMatchObject({
    def: 'tok-keyword',
    '# say "x"': 'tok-comment',
    return: 'tok-keyword',
    '"y"': 'tok-string',
    '12': 'tok-number',
  });
});

test('a long hostile line is read at once', () => {
  const began = performance.now();
  sketch('main.js', '"\\'.repeat(50_000));
  sketch('main.js', '/*'.repeat(50_000));
  expect(performance.now() - began).toBeLessThan(1000);
});
