/** The tree of files as rows, one below the other, as a screen reader counts them. */
import { join } from '#lib/project/paths.ts';

export interface Row {
  path: string;
  name: string;
  isFolder: boolean;
  isOpen: boolean;
  /** From 1. */
  level: number;
  position: number;
  siblings: number;
}

interface Folder {
  folders: Map<string, Folder>;
  files: string[];
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Lay out files and folders without files; folders first, what is in closed ones left out. */
export function layOut(
  files: Iterable<string>,
  folders: Iterable<string>,
  closed: ReadonlySet<string>,
): Row[] {
  const top = newFolder();
  for (const path of folders) reach(top, path.split('/'));
  for (const path of files) {
    const parts = path.split('/');
    const name = parts.pop()!;
    reach(top, parts).files.push(name);
  }
  const rows: Row[] = [];
  list(top, '', 1, closed, rows);
  return rows;
}

/** All folders: those that hold files, and those that do not. */
export function listFolders(files: Iterable<string>, folders: Iterable<string>): string[] {
  const found = new Set<string>();
  const addAbove = (path: string) => {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      found.add(path.slice(0, at));
  };
  for (const path of files) addAbove(path);
  for (const path of folders) {
    found.add(path);
    addAbove(path);
  }
  return [...found].sort(collator.compare);
}

function newFolder(): Folder {
  return { folders: new Map(), files: [] };
}

function reach(from: Folder, parts: string[]): Folder {
  let folder = from;
  for (const part of parts) {
    let next = folder.folders.get(part);
    if (!next) folder.folders.set(part, (next = newFolder()));
    folder = next;
  }
  return folder;
}

function list(
  folder: Folder,
  path: string,
  level: number,
  closed: ReadonlySet<string>,
  rows: Row[],
): void {
  const folders = [...folder.folders.keys()].sort(collator.compare);
  const files = [...folder.files].sort(collator.compare);
  const siblings = folders.length + files.length;
  let position = 0;
  for (const name of folders) {
    const own = join(path, name);
    const isOpen = !closed.has(own);
    rows.push({ path: own, name, isFolder: true, isOpen, level, position: ++position, siblings });
    if (isOpen) list(folder.folders.get(name)!, own, level + 1, closed, rows);
  }
  for (const name of files) {
    const own = join(path, name);
    rows.push({
      path: own,
      name,
      isFolder: false,
      isOpen: false,
      level,
      position: ++position,
      siblings,
    });
  }
}
