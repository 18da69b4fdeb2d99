/** The workbench behind its page: the files, what is open, what runs, and where it is saved. */
import { getContext, setContext } from 'svelte';
import { api } from '#lib/api/client.ts';
import type {
  ExecutionAnswer,
  OwnLimitsAnswer,
  ProjectAnswer,
  RuntimeAnswer,
} from '#lib/api/types.ts';
import type { CodeEditor, Position } from '#lib/editor/code-editor.ts';
import { settings } from '#lib/editor/settings.svelte.ts';
import { Run } from '#lib/execution/run.svelte.ts';
import type { Autosave } from '#lib/project/autosave.svelte.ts';
import { fromText, textOf } from '#lib/project/content.ts';
import type { Draft } from '#lib/project/draft.svelte.ts';
import { extensionOf, isWithin } from '#lib/project/paths.ts';
import type { WorkFile, Workspace } from '#lib/project/workspace.svelte.ts';
import { toasts } from '#lib/ui/toasts.svelte.ts';
import { Layout } from '#lib/workbench/layout.svelte.ts';
import { recallChoices, rememberChoices } from '#lib/workbench/choices.ts';
import { buildExecution, buildProjectRun, type Choices } from '#lib/workbench/submitting.ts';

export type DialogName =
  | 'palette'
  | 'open'
  | 'runtime'
  | 'shortcuts'
  | 'settings'
  | 'revisions'
  | 'conflict'
  | 'share'
  | 'rename'
  | 'secrets'
  | 'data'
  | 'save'
  | 'reset';

interface Given {
  workspace: Workspace;
  /** Where its last run is found again. */
  place: string;
}

const PATTERNS_MAX = 16;

export class Bench {
  readonly workspace: Workspace;
  readonly place: string;
  readonly run = new Run();
  readonly layout = new Layout();
  draft = $state.raw<Draft | null>(null);
  autosave = $state.raw<Autosave | null>(null);
  project = $state.raw<ProjectAnswer | null>(null);
  runtimes = $state.raw<readonly RuntimeAnswer[]>([]);
  limits = $state.raw<OwnLimitsAnswer | null>(null);
  dialog = $state<DialogName | null>(null);
  tabs = $state.raw<WorkFile[]>([]);
  active = $state.raw<WorkFile | null>(null);
  editor = $state.raw<CodeEditor | null>(null);
  position = $state.raw<Position>({ line: 1, column: 1, selected: 0 });
  language = $state('Plain text');
  choices: Choices;
  /** Between the click and the answer about what it saves first. */
  isPreparing = $state(false);

  constructor({ workspace, place }: Given) {
    this.workspace = workspace;
    this.place = place;
    this.choices = $state(recallChoices(place));
    this.openFirst();
  }

  /** The file that is run. */
  get entry(): string {
    return this.workspace.setup.entry ?? this.runtime?.entry ?? this.workspace.paths[0] ?? '';
  }

  get runtime(): RuntimeAnswer | undefined {
    const { runtime } = this.workspace.setup;
    return this.runtimes.find((each) => each.id === runtime || each.aliases.includes(runtime));
  }

  get isRunning(): boolean {
    return this.isPreparing || this.run.isActive;
  }

  get isPhone(): boolean {
    return this.layout.isPhone;
  }

  /** What a file is in place of when it is not there any more; called when the files changed. */
  tidyTabs(): void {
    const files = new Set(this.workspace.files);
    if (this.tabs.every((file) => files.has(file)) && this.active && files.has(this.active)) return;
    const at = this.active ? this.tabs.indexOf(this.active) : -1;
    this.tabs = this.tabs.filter((file) => files.has(file));
    if (this.active && files.has(this.active)) return;
    this.active = this.tabs[Math.min(Math.max(at, 0), this.tabs.length - 1)] ?? null;
  }

  open(file: WorkFile): void {
    if (!this.tabs.includes(file)) this.tabs = [...this.tabs, file];
    this.active = file;
    if (this.layout.isPhone) {
      this.layout.segment = 'code';
      this.layout.isDrawerOpen = false;
    }
  }

  closeTab(file: WorkFile): void {
    const at = this.tabs.indexOf(file);
    this.tabs = this.tabs.filter((each) => each !== file);
    if (this.active === file) this.active = this.tabs[Math.min(at, this.tabs.length - 1)] ?? null;
  }

  /** Go to what a message is about. */
  goTo(path: string, line: number, column = 1, message = 'The last run names this line.'): void {
    const file =
      this.workspace.find(path) ?? this.workspace.files.find((each) => isWithin(path, each.path));
    if (!file) {
      toasts.say(`There is no file “${path}” here.`);
      return;
    }
    this.open(file);
    // The editor takes the file with the next update of the page.
    requestAnimationFrame(() => {
      this.editor?.mark(line, message);
      this.editor?.goTo(line, column);
    });
  }

  choose(changes: Partial<Choices>): void {
    Object.assign(this.choices, changes);
    rememberChoices(this.place, this.#chosen());
  }

  /** Run what is on the screen. */
  async start(): Promise<void> {
    if (this.isRunning) return;
    if (this.workspace.files.length === 0) {
      toasts.say('There is nothing to run yet: make a file first.');
      return;
    }
    this.editor?.clearMarks();
    this.layout.showSide('output');
    const context = {
      files: this.workspace.paths,
      tests: this.#chosen().tests,
      place: this.place,
    };
    const { autosave, project } = this;
    if (!autosave || !project) {
      await this.run.start(() => this.#submitDraft(), context);
      return;
    }
    this.isPreparing = true;
    const isSaved = await autosave.flush();
    this.isPreparing = false;
    if (!isSaved) {
      if (autosave.conflict) this.dialog = 'conflict';
      else if (autosave.problem) toasts.fail(autosave.problem);
      return;
    }
    await this.run.start(() => this.#submitProject(project.id, autosave.revision), context);
  }

  async stop(): Promise<void> {
    await this.run.stop();
  }

  /** Keep everything now, as far as that goes without a project. */
  async save(): Promise<void> {
    if (this.autosave) {
      const isSaved = await this.autosave.flush();
      if (this.autosave.conflict) this.dialog = 'conflict';
      else if (!isSaved && this.autosave.problem) toasts.fail(this.autosave.problem);
    } else {
      await this.draft?.keep();
      this.dialog = 'save';
    }
  }

  /** Show the draft that another one was put in place of. */
  async bringBack(): Promise<void> {
    await this.draft?.bringBack();
    this.openFirst();
  }

  /** Open what is run. */
  openFirst(): void {
    const first = this.workspace.find(this.entry) ?? this.workspace.files[0];
    if (first) this.open(first);
  }

  /** Lay out JSON anew; for other languages, indent the lines as the grammar says. */
  reindent(): void {
    const file = this.active;
    if (!file || !this.editor || file.content.doc === null) return;
    if (extensionOf(file.path) !== 'json') {
      this.editor.reindent();
      return;
    }
    try {
      const parsed: unknown = JSON.parse(textOf(file.content));
      this.editor.replaceAll(`${JSON.stringify(parsed, null, settings.tabWidth)}\n`);
    } catch (error) {
      toasts.say(`${file.path} is not valid JSON: ${(error as Error).message}`);
    }
  }

  /** Use another runtime; an untouched example is changed for that of the new one. */
  changeRuntime(runtime: RuntimeAnswer): void {
    const former = this.runtime;
    const only = this.workspace.files.length === 1 ? this.workspace.files[0] : undefined;
    const isUntouched =
      former !== undefined &&
      only?.path === former.entry &&
      only.content.doc !== null &&
      textOf(only.content) === former.example;
    const isEntryGone =
      this.workspace.setup.entry === null || this.workspace.setup.entry === former?.entry;
    if (isUntouched) {
      this.workspace.show(
        {
          files: new Map([[runtime.entry, fromText(runtime.example)]]),
          setup: { ...this.workspace.setup, runtime: runtime.id, entry: null },
        },
        this.autosave?.base ?? null,
      );
      this.workspace.onchange();
      const first = this.workspace.find(runtime.entry);
      if (first) this.open(first);
      return;
    }
    const hasEntry = this.workspace.find(runtime.entry) !== undefined;
    const kept = this.workspace.find(this.entry) ? this.entry : null;
    this.workspace.change({
      runtime: runtime.id,
      ...(isEntryGone && { entry: hasEntry ? null : kept }),
    });
  }

  #submitDraft(): Promise<ExecutionAnswer> {
    const shown = this.workspace.snapshot();
    const body = buildExecution(shown, this.entry, this.#chosen(), this.#patternsMax);
    return api.post<ExecutionAnswer>('/executions', body);
  }

  #submitProject(id: string, revision: number): Promise<ExecutionAnswer> {
    const { setup } = this.workspace;
    const body = buildProjectRun(revision, setup, this.#chosen(), this.#patternsMax);
    return api.post<ExecutionAnswer>(`/projects/${id}/run`, body);
  }

  #chosen(): Choices {
    return $state.snapshot(this.choices) as Choices;
  }

  get #patternsMax(): number {
    return Number(this.limits?.policy.artifact_glob_count_max ?? PATTERNS_MAX);
  }
}

const KEY = Symbol('bench');

export function provideBench(bench: Bench): void {
  setContext(KEY, bench);
}

export function useBench(): Bench {
  return getContext<Bench>(KEY);
}
