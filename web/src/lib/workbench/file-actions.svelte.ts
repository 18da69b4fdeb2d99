/** What one does with files and folders in the tree. */
import { saveFile } from '#lib/api/client.ts';
import { bytesOf, readUpload } from '#lib/project/content.ts';
import { checkFree, checkPath, folderOf, isWithin, join, nameOf } from '#lib/project/paths.ts';
import { layOut, type Row } from '#lib/project/tree.ts';
import { toasts } from '#lib/ui/toasts.svelte.ts';
import type { Bench } from '#lib/workbench/bench.svelte.ts';

export interface Naming {
  kind: 'file' | 'folder' | 'rename';
  /** The folder it is made in, or what is renamed. */
  at: string;
}

const UPLOAD_COUNT_MAX = 500;

export class FileActions {
  readonly #bench: Bench;
  closed = $state.raw<ReadonlySet<string>>(new Set());
  /** The row that has the focus; empty at the beginning. */
  current = $state('');
  naming = $state.raw<Naming | null>(null);
  removing = $state<string | null>(null);
  moving = $state<string | null>(null);
  rows: Row[] = $derived.by(() =>
    layOut(this.#bench.workspace.paths, this.#bench.workspace.folders, this.closed),
  );

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  /** The folder that new things go to. */
  get folder(): string {
    const row = this.rows.find((each) => each.path === this.current);
    return row === undefined ? '' : row.isFolder ? row.path : folderOf(row.path);
  }

  toggle(path: string, isOpen: boolean): void {
    const closed = new Set(this.closed);
    if (isOpen) closed.delete(path);
    else closed.add(path);
    this.closed = closed;
  }

  begin(kind: 'file' | 'folder', at = this.folder): void {
    if (this.#bench.isPhone) {
      this.#bench.layout.segment = 'code';
      this.#bench.layout.isDrawerOpen = true;
    } else this.#bench.layout.change({ isTreeOpen: true });
    if (at) this.toggle(at, true);
    this.naming = { kind, at };
  }

  /** What is wrong with a name that was entered, or an empty text. */
  check(naming: Naming, name: string): string {
    if (naming.kind !== 'rename') return this.#bench.workspace.check(join(naming.at, name));
    const target = join(folderOf(naming.at), name);
    return target === naming.at ? '' : this.checkMove(naming.at, target);
  }

  checkMove(source: string, target: string): string {
    const wrong = checkPath(target);
    if (wrong) return wrong;
    if (isWithin(target, source)) return 'A folder cannot go into itself.';
    const others = this.#bench.workspace.paths.filter((path) => !isWithin(path, source));
    return checkFree(target, others);
  }

  /** Make or rename what was begun; true when it is done. */
  finish(name: string): boolean {
    const { naming } = this;
    if (naming === null || this.check(naming, name)) return false;
    const { workspace } = this.#bench;
    this.naming = null;
    if (naming.kind === 'rename') {
      const target = join(folderOf(naming.at), name);
      if (target !== naming.at) workspace.move(naming.at, target);
      this.current = target;
      return true;
    }
    const path = join(naming.at, name);
    this.current = path;
    if (naming.kind === 'folder') workspace.addFolder(path);
    else this.#bench.open(workspace.add(path));
    return true;
  }

  /** Put a file or a folder into another folder. */
  move(source: string, folder: string): void {
    if (folderOf(source) === folder) return;
    const target = join(folder, nameOf(source));
    const wrong = this.checkMove(source, target);
    if (wrong) {
      toasts.say(wrong);
      return;
    }
    this.#bench.workspace.move(source, target);
    if (folder) this.toggle(folder, true);
    this.current = target;
  }

  remove(path: string): void {
    const at = this.rows.findIndex((row) => row.path === path);
    this.current = (this.rows[at + 1] ?? this.rows[at - 1])?.path ?? '';
    this.#bench.workspace.remove(path);
  }

  /** Take in files from the visitor's computer. */
  async upload(files: Iterable<File>, folder = this.folder): Promise<void> {
    await this.add(
      [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file })),
      folder,
    );
  }

  async add(found: readonly { path: string; file: File }[], folder: string): Promise<void> {
    if (found.length > UPLOAD_COUNT_MAX) {
      toasts.say(`${found.length} files are too many at once; at most ${UPLOAD_COUNT_MAX}.`);
      return;
    }
    const refused: string[] = [];
    for (const { path, file } of found) {
      const target = join(folder, path);
      const wrong = checkPath(target);
      if (wrong) refused.push(wrong);
      else {
        const added = this.#bench.workspace.addUpload(target, await readUpload(file));
        this.current = added.path;
        if (found.length === 1) this.#bench.open(added);
      }
    }
    if (refused.length)
      toasts.say(`${refused.length} of ${found.length} files were left out: ${refused[0]}`);
  }

  download(path: string): void {
    const file = this.#bench.workspace.find(path);
    if (file) saveFile(new Blob([bytesOf(file.content)]), nameOf(path));
  }
}

/** The files of what was dropped, folders with all that is in them. */
export async function readDropped(data: DataTransfer): Promise<{ path: string; file: File }[]> {
  // They have to be asked for before anything is waited for.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry());
  const found: { path: string; file: File }[] = [];
  for (const entry of entries) if (entry) await walk(entry, '', found);
  return found;
}

async function walk(
  entry: FileSystemEntry,
  folder: string,
  found: { path: string; file: File }[],
): Promise<void> {
  if (found.length > UPLOAD_COUNT_MAX) return;
  const path = join(folder, entry.name);
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    found.push({ path, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return;
    for (const each of batch) await walk(each, path, found);
  }
}
