/** Files of the visitor's own machine, as the API takes them. */
import type { FileBody } from '#lib/api/types.ts';
import { toBase64 } from '#lib/encoding.ts';
import { formatBytes } from '#lib/format.ts';

export interface Found {
  path: string;
  file: File;
}

export interface Bounds {
  fileCount: number;
  fileBytes: number;
  sourceBytes: number;
}

// What tools make, what systems leave behind, and folders of version control with what is private.
const LEFT_OUT =
  /(?:^|\/)(?:\.git|\.hg|\.svn|node_modules|__pycache__|\.venv|__MACOSX|\.DS_Store|Thumbs\.db)(?:\/|$)/;

/** The files of a chosen folder, by their paths in it; `left` are those that nobody wants. */
export function listFolder(files: Iterable<File>): { name: string; found: Found[]; left: number } {
  let name = '';
  let left = 0;
  const found: Found[] = [];
  for (const file of files) {
    const whole = file.webkitRelativePath || file.name;
    const slash = whole.indexOf('/');
    if (slash > 0) name = whole.slice(0, slash);
    const path = whole.slice(slash + 1);
    if (LEFT_OUT.test(path)) left++;
    else found.push({ path, file });
  }
  return { name, found, left };
}

/** Say what is too much before anything is read; the server says the same. */
export function checkFolder(found: readonly Found[], bounds: Bounds): string | null {
  if (found.length === 0) return 'There are no files in this folder.';
  if (found.length > bounds.fileCount)
    return `This folder has ${found.length} files; at most ${bounds.fileCount} are allowed.`;
  const large = found.find(({ file }) => file.size > bounds.fileBytes);
  if (large)
    return `${large.path} has ${formatBytes(large.file.size)}; at most ${formatBytes(bounds.fileBytes)} are allowed for one file.`;
  const total = found.reduce((sum, { file }) => sum + file.size, 0);
  if (total > bounds.sourceBytes)
    return `These files have ${formatBytes(total)} together; at most ${formatBytes(bounds.sourceBytes)} are allowed.`;
  return null;
}

export async function readFiles(found: readonly Found[]): Promise<FileBody[]> {
  return Promise.all(
    found.map(async ({ path, file }) => encodeFile(path, new Uint8Array(await file.arrayBuffer()))),
  );
}

export function encodeFile(path: string, bytes: Uint8Array): FileBody {
  try {
    // A mark of the byte order is kept: it is content.
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { path, content: decoder.decode(bytes), encoding: 'utf-8' };
  } catch {
    return { path, content: toBase64(bytes), encoding: 'base64' };
  }
}

/** The runtime that files are most likely for: by the entry it looks for, else by their endings. */
export function guessRuntime<T extends { id: string; entry: string; extensions: string[] }>(
  paths: readonly string[],
  runtimes: readonly T[],
): T | undefined {
  const score = (runtime: T) =>
    paths.filter((path) => runtime.extensions.some((ending) => path.endsWith(ending))).length +
    (paths.includes(runtime.entry) ? paths.length + 1 : 0);
  const best = runtimes.reduce<T | undefined>(
    (former, each) => (former === undefined || score(each) > score(former) ? each : former),
    undefined,
  );
  return best && score(best) > 0 ? best : undefined;
}
