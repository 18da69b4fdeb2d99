import { expect, test } from 'vitest';
import { findLocations } from '#lib/execution/locations.ts';

const FILES = [
  'main.py',
  'main.c',
  'src/Main.java',
  'lib/a.js',
  'a.js',
  'main.ts',
  'src/main.rs',
  'prog.go',
];

// What the tools of these languages print.
test.each<[string, string, string | null]>([
  ['python', '  File "/work/main.py", line 4, in <module>', 'main.py:4:1'],
  ['python elsewhere', '  File "/usr/lib/python3.11/main.py", line 4, in f', null],
  ['gcc', './main.c:1:26: error: ‘retur’ undeclared', 'main.c:1:26'],
  ['java', '\tat Main.main(Main.java:5)', 'src/Main.java:5:1'],
  ['javac', 'src/Main.java:3: error: cannot find symbol', 'src/Main.java:3:1'],
  ['node', '    at Object.<anonymous> (/work/a.js:3:7)', 'a.js:3:7'],
  ['node in a folder', '    at f (/work/lib/a.js:10:2)', 'lib/a.js:10:2'],
  ['node with modules', '    at file:///work/lib/a.js:10:2', 'lib/a.js:10:2'],
  ['tsc', "main.ts(2,5): error TS2304: Cannot find name 'x'.", 'main.ts:2:5'],
  ['rustc', ' --> src/main.rs:2:5', 'src/main.rs:2:5'],
  ['rust', "thread 'main' panicked at src/main.rs:4:5:", 'src/main.rs:4:5'],
  ['go', './prog.go:7:2: undefined: x', 'prog.go:7:2'],
  ['go at run time', '\t/work/prog.go:7 +0x18', 'prog.go:7:1'],
  ['a longer name', 'domain.py:3', null],
  ['a longer ending', 'main.cc:3', null],
  ['no number', 'main.py is fine', null],
])('%s', (_, text, expected) => {
  const [found] = findLocations(text, FILES);
  expect(found ? `${found.path}:${found.line}:${found.column}` : null).toBe(expected);
});

test.each([
  ['main.sh: line 3: nope: command not found', 'main.sh', 3],
  ['PHP Warning:  Undefined variable $x in /work/main.php on line 3', 'main.php', 3],
  ['Died at main.pl line 3.', 'main.pl', 3],
  ['lua: main.lua:1: attempt to call a nil value', 'main.lua', 1],
  ['/work/main.rb:3:in `f`: undefined', 'main.rb', 3],
  ['/work/größe 1.py:12: x', 'größe 1.py', 12],
])('%s', (text, path, line) => {
  expect(findLocations(text, [path])).toMatchObject([{ path, line }]);
});

test('the place is cut out with its folders', () => {
  const text = 'at (/work/lib/a.js:10:2)';
  const [{ start, end }] = findLocations(text, FILES);
  expect(text.slice(start, end)).toBe('/work/lib/a.js:10:2');
});

test('one line may name many places', () => {
  expect(findLocations('main.py:1 main.py:2 a.js:3', FILES).map((each) => each.line)).toEqual([
    1, 2, 3,
  ]);
});

test('a name that stands in two folders is not guessed', () => {
  expect(findLocations('Main.java:5', ['a/Main.java', 'b/Main.java'])).toEqual([]);
});

test('long lines without an end take no time', () => {
  const text = '/'.repeat(2000) + 'a.js:'.repeat(400) + 'x'.repeat(2000);
  const begun = performance.now();
  for (let round = 0; round < 100; round++) findLocations(text, FILES);
  expect(performance.now() - begun).toBeLessThan(3000);
});
