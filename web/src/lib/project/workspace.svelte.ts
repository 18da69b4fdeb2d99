/** The files on the screen: what the tree shows and the editor changes. */
import type { Text } from '@codemirror/state';
import { type Content, fromText, isSame } from '#lib/project/content.ts';
import { checkFree, checkPath, folderOf, freePath, isWithin } from '#lib/project/paths.ts';
import type { Setup, Snapshot } from '#lib/project/snapshot.ts';

/** A file keeps its identity when it is renamed, and with it its undo history. */
export class WorkFile {
  path: string;
  content: Content;
  /** What the server or the example has; null for a new one. */
  saved: Content | null;
  readonly isDirty: boolean;

  constructor(path: string, content: Content, saved: Content | null) {
    this.path = $state(path);
    this.content = $state.raw(content);
    this.saved = $state.raw(saved);
    this.isDirty = $derived(this.saved === null || !isSame(this.content, this.saved));
  }
}

export class Workspace {
  /** By path. */
  files = $state.raw<WorkFile[]>([]);
  /** Folders that were made and may hold nothing yet; the server knows only files. */
  folders = $state.raw<string[]>([]);
  setup = $state.raw<Setup>() as Setup;
  /** Called when anything has changed by hand. */
  onchange: () => void = () => undefined;

  constructor(snapshot: Snapshot, saved: Snapshot | null = snapshot) {
    this.show(snapshot, saved);
  }

  find(path: string): WorkFile | undefined {
    return this.files.find((file) => file.path === path);
  }

  get paths(): string[] {
    return this.files.map((file) => file.path);
  }

  snapshot(): Snapshot {
    return {
      files: new Map(this.files.map((file) => [file.path, file.content])),
      setup: this.setup,
    };
  }

  /** Replace everything; files that stay keep their identity. */
  show(snapshot: Snapshot, saved: Snapshot | null): void {
    const files: WorkFile[] = [];
    for (const [path, content] of snapshot.files) {
      const before = saved?.files.get(path) ?? null;
      const file = this.find(path);
      if (file) {
        if (!isSame(file.content, content)) file.content = content;
        file.saved = before;
      }
      files.push(file ?? new WorkFile(path, content, before));
    }
    this.files = files.sort(byPath);
    this.setup = snapshot.setup;
  }

  /** Take note of what the server has now. */
  markSaved(saved: Snapshot): void {
    for (const file of this.files) file.saved = saved.files.get(file.path) ?? null;
  }

  edit(file: WorkFile, doc: Text): void {
    file.content = { ...file.content, doc };
    this.onchange();
  }

  /** What is wrong with adding something of this name, or an empty text. */
  check(path: string): string {
    return checkPath(path) || checkFree(path, this.paths) || this.#checkFolder(path);
  }

  add(path: string, content: Content = fromText('')): WorkFile {
    const file = new WorkFile(path, content, null);
    this.files = [...this.files, file].sort(byPath);
    this.onchange();
    return file;
  }

  /** Add what was uploaded, under another name where there is such a file. */
  addUpload(path: string, content: Content): WorkFile {
    return this.add(freePath(path, this.paths), content);
  }

  addFolder(path: string): void {
    this.folders = [...this.folders, path];
  }

  /** Give a file or a folder another name or place. */
  move(source: string, target: string): void {
    const renamed = (path: string) => target + path.slice(source.length);
    // What it leaves stays as a folder, as people expect of one that they emptied.
    const left = folderOf(source);
    for (const file of this.files) {
      if (!isWithin(file.path, source)) continue;
      const path = renamed(file.path);
      if (this.setup.entry === file.path) this.setup = { ...this.setup, entry: path };
      file.path = path;
    }
    this.files = [...this.files].sort(byPath);
    const folders = this.folders.map((each) => (isWithin(each, source) ? renamed(each) : each));
    if (left && !folders.includes(left)) folders.push(left);
    this.folders = folders;
    this.onchange();
  }

  remove(path: string): void {
    this.files = this.files.filter((file) => !isWithin(file.path, path));
    this.folders = this.folders.filter((each) => !isWithin(each, path));
    if (this.setup.entry !== null && isWithin(this.setup.entry, path))
      this.setup = { ...this.setup, entry: null };
    this.onchange();
  }

  change(setup: Partial<Setup>): void {
    this.setup = { ...this.setup, ...setup };
    this.onchange();
  }

  /** How many files a path stands for. */
  count(path: string): number {
    return this.files.filter((file) => isWithin(file.path, path)).length;
  }

  #checkFolder(path: string): string {
    return this.folders.includes(path) ? `There is already a folder “${path}”.` : '';
  }
}

function byPath(one: WorkFile, other: WorkFile): number {
  return one.path < other.path ? -1 : one.path > other.path ? 1 : 0;
}
