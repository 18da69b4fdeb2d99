/**
 * Finds where output names a place in one of the project's files: `main.c:3:7`, `File "main.py",
 * line 3`, `(Main.java:5)`, `main.ts(3,7)`, `main.php on line 3`. It looks for the names of files
 * that there are, so the time it takes grows with the text and the number of files alone.
 */
export interface Location {
  start: number;
  end: number;
  path: string;
  line: number;
  column: number;
}

// What stands between the name and the numbers, by whom.
const PLACES = [
  // gcc, clang, rustc, go, java, node, ruby, lua.
  /:(\d{1,7})(?::(\d{1,7}))?/y,
  // Python.
  /", line (\d{1,7})/y,
  // tsc.
  /\((\d{1,7}),(\d{1,7})\)/y,
  // bash.
  /: line (\d{1,7})/y,
  // php, perl.
  /(?: on)? line (\d{1,7})/y,
];
const FOLDERS = /^(?:file:\/\/)?(?:\/work\/|\.\/)?$/;
const NAME_CHARACTER = /[\p{L}\p{N}_$-]/u;
const PREFIX_CHARACTERS_MAX = 300;

export function findLocations(text: string, files: readonly string[]): Location[] {
  const found: Location[] = [];
  for (const [name, paths] of groupByName(files)) {
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length)) {
      const numbers = readNumbers(text, at + name.length);
      const prefix = numbers && readPrefix(text, at);
      const path = prefix === null ? null : resolve(prefix, name, paths);
      if (numbers === null || prefix === null || path === null) continue;
      const { line, column, end } = numbers;
      found.push({ start: at - prefix.length, end, path, line, column });
    }
  }
  return found.sort((one, other) => one.start - other.start).filter(isBehindFormer);
}

function isBehindFormer(location: Location, index: number, all: Location[]): boolean {
  return index === 0 || location.start >= all[index - 1].end;
}

function groupByName(files: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const path of files) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    groups.set(name, [...(groups.get(name) ?? []), path]);
  }
  return groups;
}

function readNumbers(
  text: string,
  at: number,
): { line: number; column: number; end: number } | null {
  for (const pattern of PLACES) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) {
      return { line: Number(match[1]), column: Number(match[2] ?? 1), end: pattern.lastIndex };
    }
  }
  return null;
}

/** The folders in front of a file's name; null where the name is the end of a longer one. */
function readPrefix(text: string, at: number): string | null {
  if (at === 0) return '';
  if (text[at - 1] !== '/') return isNamePart(text, at - 1) ? null : '';
  let start = at - 1;
  const limit = Math.max(0, at - PREFIX_CHARACTERS_MAX);
  while (start > limit && !/[\s"'`(<[]/.test(text[start - 1])) start--;
  return text.slice(start, at);
}

function isNamePart(text: string, at: number): boolean {
  const isLowSurrogate = text[at] >= '\udc00' && text[at] <= '\udfff';
  return (
    NAME_CHARACTER.test(isLowSurrogate ? text.slice(at - 1, at + 1) : text[at]) || text[at] === '.'
  );
}

/** Which of the files of this name is meant; null if it is one of the system's. */
function resolve(prefix: string, name: string, paths: readonly string[]): string | null {
  const exact = paths.find((path) => {
    const folder = path.slice(0, path.length - name.length);
    return prefix.endsWith(folder) && FOLDERS.test(prefix.slice(0, prefix.length - folder.length));
  });
  if (exact !== undefined) return exact;
  // Java names no folders.
  return prefix === '' && paths.length === 1 ? paths[0] : null;
}
