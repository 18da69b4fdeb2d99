/** Names of files: relative, with `/` between, as the server wants them. */
const PATH_BYTES_MAX = 512;
const NAME_BYTES_MAX = 200;

const size = (text: string) => new TextEncoder().encode(text).length;

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The folder a path is in; empty at the top. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function join(folder: string, name: string): string {
  return folder ? `${folder}/${name}` : name;
}

export function extensionOf(path: string): string {
  const name = nameOf(path);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot + 1) : '';
}

/** Whether `path` is `folder` or something in it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

/** What is wrong with a name, or an empty text. */
export function checkPath(path: string): string {
  if (!path) return 'Give a name, such as main.py.';
  if (size(path) > PATH_BYTES_MAX)
    return `The name has ${size(path)} bytes; at most ${PATH_BYTES_MAX} are allowed.`;
  // eslint-disable-next-line no-control-regex -- these are what is refused
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'The name contains a control character.';
  if (path.startsWith('/')) return 'The name begins with “/”; leave that out.';
  for (const part of path.split('/')) {
    if (part === '') return 'The name has an empty part; put one “/” between folders.';
    if (part === '.' || part === '..') return `“${part}” cannot be part of a name.`;
    if (size(part) > NAME_BYTES_MAX)
      return `A part of the name has ${size(part)} bytes; at most ${NAME_BYTES_MAX} are allowed.`;
  }
  return '';
}

/** What keeps `path` from being added beside `taken`, or an empty text. */
export function checkFree(path: string, taken: Iterable<string>): string {
  for (const each of taken) {
    if (each === path) return `There is already a file “${path}”.`;
    if (each.startsWith(`${path}/`)) return `There is already a folder “${path}”.`;
    if (path.startsWith(`${each}/`)) return `“${each}” is a file, so it cannot hold others.`;
  }
  return '';
}

/** A name beside `taken` that nobody has: `data.csv`, then `data-2.csv`. */
export function freePath(wanted: string, taken: Iterable<string>): string {
  const all = new Set(taken);
  const extension = extensionOf(wanted);
  const stem = extension ? wanted.slice(0, -extension.length - 1) : wanted;
  for (let count = 1; ; count++) {
    const path = count === 1 ? wanted : `${stem}-${count}${extension ? `.${extension}` : ''}`;
    if (!checkFree(path, all)) return path;
  }
}
