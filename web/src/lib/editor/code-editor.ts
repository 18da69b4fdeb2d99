/** One CodeMirror view that shows one file after the other, each with its own undo history. */
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  completionStatus,
  moveCompletionSelection,
  selectedCompletion,
} from '@codemirror/autocomplete';
import {
  defaultKeymap,
  history,
  historyKeymap,
  indentLess,
  indentMore,
  indentSelection,
  toggleTabFocusMode,
} from '@codemirror/commands';
import {
  bracketMatching,
  codeFolding,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
} from '@codemirror/language';
import {
  Compartment,
  EditorSelection,
  EditorState,
  type Extension,
  type StateEffect,
  Text,
} from '@codemirror/state';
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from '@codemirror/view';
import { appearance } from '#lib/editor/appearance.ts';
import { completeFrom, type Source } from '#lib/editor/completion.ts';
import { loadKeywords, loadLanguage } from '#lib/editor/languages.ts';
import { clearMarks, markError, marks } from '#lib/editor/marks.ts';
import type { EditorSettings } from '#lib/editor/settings.svelte.ts';

/** A file as the editor sees it; the same object stands for the same file. */
export interface Shown {
  path: string;
  doc: Text;
}

export interface EditorEvents {
  onedit(doc: Text): void;
  onmove(position: Position): void;
  onlanguage(name: string): void;
  others(): readonly Source[];
}

export interface Position {
  line: number;
  column: number;
  selected: number;
}

interface Remembered {
  state: EditorState;
  scrollTop: number;
  scrollLeft: number;
}

// With Shift they go back.
const FIND_AGAIN_KEYS = ['F3', 'Mod-g'];
// To find, to select what is alike, and to go to a line.
const SEARCH_KEYS = [...FIND_AGAIN_KEYS, 'Mod-f', 'Mod-Shift-l', 'Mod-Alt-g', 'Mod-d'];

export class CodeEditor {
  readonly view: EditorView;
  #key: object | null = null;
  #path = '';
  #language = '';
  #runtimeLanguage = '';
  #settings: EditorSettings;
  #vim: Extension | null = null;
  #searching: Extension | null = null;
  readonly #states = new WeakMap<object, Remembered>();
  readonly #parts = {
    language: new Compartment(),
    settings: new Compartment(),
    vim: new Compartment(),
    searching: new Compartment(),
    label: new Compartment(),
  };
  readonly #lateSearching = keymap.of(
    SEARCH_KEYS.map((key) => {
      const run = () => {
        void this.#loadSearching(key);
        return true;
      };
      const shift = FIND_AGAIN_KEYS.includes(key) ? run : undefined;
      return { key, run, shift, preventDefault: true };
    }),
  );
  readonly #events: EditorEvents;
  readonly #complete = completeFrom(
    () => loadKeywords(this.#language).catch(() => []),
    () => this.#events.others(),
  );

  constructor(parent: HTMLElement, settings: EditorSettings, events: EditorEvents) {
    this.#settings = { ...settings };
    this.#events = events;
    this.view = new EditorView({ parent });
  }

  /** Show a file; `key` is what its history is remembered under. */
  show(key: object, shown: Shown, runtimeLanguage: string): void {
    const isOther = key !== this.#key;
    const isRenamed = shown.path !== this.#path || runtimeLanguage !== this.#runtimeLanguage;
    if (isOther) {
      this.#remember();
      this.#key = key;
      const known = this.#states.get(key);
      this.view.setState(known?.state ?? this.#create(shown.doc));
      requestAnimationFrame(() => {
        if (this.#key !== key || !known) return;
        this.view.scrollDOM.scrollTop = known.scrollTop;
        this.view.scrollDOM.scrollLeft = known.scrollLeft;
      });
    }
    this.#path = shown.path;
    this.#runtimeLanguage = runtimeLanguage;
    if (isOther || isRenamed) {
      this.#reconfigure();
      void this.#load(key);
    }
    this.#follow(shown.doc);
    if (isOther) this.#tellPosition();
  }

  configure(settings: EditorSettings): void {
    this.#settings = { ...settings };
    this.#reconfigure();
    if (settings.keys === 'vim' && this.#vim === null) void this.#loadVim();
  }

  focus(): void {
    this.view.focus();
  }

  /** Put the cursor at a place, in sight. Lines and columns count from 1. */
  goTo(line: number, column = 1): void {
    const { doc } = this.view.state;
    const found = doc.line(Math.min(Math.max(1, line), doc.lines));
    const at = Math.min(found.to, found.from + Math.max(0, column - 1));
    this.view.dispatch({
      selection: { anchor: at },
      effects: EditorView.scrollIntoView(at, { y: 'center' }),
    });
    this.view.focus();
  }

  /** Underline the line that a message is about, until it is edited. */
  mark(line: number, message: string): void {
    markError(this.view, line, message);
  }

  clearMarks(): void {
    clearMarks(this.view);
  }

  /** Indent the selection, or everything, as the language's grammar says. */
  reindent(): void {
    const { state } = this.view;
    const { main } = state.selection;
    if (!main.empty) {
      indentSelection(this.view);
      return;
    }
    this.view.dispatch({ selection: { anchor: 0, head: state.doc.length } });
    indentSelection(this.view);
    const line = this.view.state.doc.lineAt(Math.min(main.head, this.view.state.doc.length));
    this.view.dispatch({ selection: { anchor: Math.min(main.head, line.to) } });
  }

  replaceAll(text: string): void {
    this.#follow(Text.of(text.split('\n')), true);
  }

  /** Type something at the cursor, as the key row of phones does. */
  insert(text: string): void {
    this.view.dispatch(this.view.state.replaceSelection(text), { userEvent: 'input.type' });
    this.view.focus();
  }

  /** What the Tab key does, for who has none. */
  indent(): void {
    indent(this.view);
  }

  destroy(): void {
    this.view.destroy();
  }

  #create(doc: Text): EditorState {
    const { language, settings, vim, label, searching } = this.#parts;
    return EditorState.create({
      doc,
      extensions: [
        vim.of([]),
        basics,
        searching.of([]),
        marks,
        language.of([]),
        settings.of([]),
        label.of([]),
        autocompletion({
          override: [
            (context) =>
              this.#settings.completion || context.explicit ? this.#complete(context) : null,
          ],
          // Enter ends the line unless one was chosen with the arrows; Tab takes the first.
          selectOnOpen: false,
        }),
        EditorView.updateListener.of((update) => {
          const isOutside = update.transactions.some((each) => each.isUserEvent('outside'));
          if (update.docChanged && !isOutside) this.#events.onedit(update.state.doc);
          if (update.docChanged || update.selectionSet) this.#tellPosition();
          // Other places with what is selected are highlighted.
          if (update.selectionSet && !update.state.selection.main.empty) void this.#loadSearching();
        }),
      ],
    });
  }

  /** Take over a text that changed elsewhere, touching only what differs so that the cursor stays. */
  #follow(doc: Text, byHand = false): void {
    const { state } = this.view;
    if (state.doc === doc || state.doc.eq(doc)) return;
    const [before, after] = [state.doc.toString(), doc.toString()];
    let from = 0;
    const shorter = Math.min(before.length, after.length);
    while (from < shorter && before[from] === after[from]) from++;
    let same = 0;
    while (same < shorter - from && before.at(-1 - same) === after.at(-1 - same)) same++;
    this.view.dispatch({
      changes: { from, to: before.length - same, insert: after.slice(from, after.length - same) },
      userEvent: byHand ? 'input.replace' : 'outside',
    });
  }

  #remember(): void {
    if (this.#key === null) return;
    const { scrollTop, scrollLeft } = this.view.scrollDOM;
    this.#states.set(this.#key, { state: this.view.state, scrollTop, scrollLeft });
  }

  #reconfigure(): void {
    if (this.#key === null) return;
    const { settings, vim, label, searching } = this.#parts;
    const effects: StateEffect<unknown>[] = [
      settings.reconfigure(extensionsOf(this.#settings, this.view.state.doc)),
      searching.reconfigure(this.#searching ?? this.#lateSearching),
      vim.reconfigure(this.#settings.keys === 'vim' && this.#vim ? this.#vim : []),
      label.reconfigure(
        EditorView.contentAttributes.of({
          'aria-label': `Code editor: ${this.#path}`,
          // Editable text has the focus anyway; this says it to who looks for scrollable parts without.
          tabindex: '0',
          autocapitalize: 'off',
          autocorrect: 'off',
          spellcheck: 'false',
        }),
      ),
    ];
    this.view.dispatch({ effects });
  }

  async #load(key: object): Promise<void> {
    const loaded = await loadLanguage(this.#path, this.#runtimeLanguage).catch(() => null);
    if (this.#key !== key) return;
    this.#language = loaded?.name ?? '';
    this.view.dispatch({ effects: this.#parts.language.reconfigure(loaded?.support ?? []) });
    this.#events.onlanguage(loaded?.name ?? 'Plain text');
  }

  async #loadVim(): Promise<void> {
    const { vim } = await import('@replit/codemirror-vim');
    this.#vim = vim({ status: true });
    this.#reconfigure();
  }

  async #loadSearching(key = ''): Promise<void> {
    const loaded = await import('#lib/editor/searching.ts').catch(() => null);
    if (loaded === null) return;
    if (this.#searching === null) {
      this.#searching = loaded.searching;
      this.#reconfigure();
    }
    loaded.press(this.view, key);
  }

  #tellPosition(): void {
    const { state } = this.view;
    const { head, from, to } = state.selection.main;
    const line = state.doc.lineAt(head);
    this.#events.onmove({ line: line.number, column: head - line.from + 1, selected: to - from });
  }
}

const basics: Extension = [
  lineNumbers(),
  highlightActiveLineGutter(),
  highlightSpecialChars(),
  history(),
  codeFolding(),
  foldGutter({ openText: '▾', closedText: '▸' }),
  drawSelection(),
  dropCursor(),
  EditorState.allowMultipleSelections.of(true),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  rectangularSelection(),
  crosshairCursor(),
  highlightActiveLine(),
  keymap.of([
    { key: 'Ctrl-m', run: toggleTabFocusMode },
    { key: 'Tab', run: (view) => takeCompletion(view) || indent(view), shift: indentLess },
    ...closeBracketsKeymap,
    // The page's own, see workbench/keys.ts; here it would put an empty line.
    ...defaultKeymap.filter((binding) => binding.key !== 'Mod-Enter'),
    ...historyKeymap,
    ...foldKeymap,
    ...completionKeymap,
  ]),
  appearance,
];

function takeCompletion(view: EditorView): boolean {
  if (completionStatus(view.state) !== 'active') return false;
  if (selectedCompletion(view.state) === null) moveCompletionSelection(true)(view);
  return acceptCompletion(view);
}

/** Indent what is selected, or go on to the next stop in the line. */
function indent(view: EditorView): boolean {
  const { state } = view;
  if (state.selection.ranges.some((range) => !range.empty)) return indentMore(view);
  const unit = state.facet(indentUnit);
  view.dispatch(
    state.changeByRange((range) => {
      const column = range.head - state.doc.lineAt(range.head).from;
      const insert = unit === '\t' ? unit : ' '.repeat(unit.length - (column % unit.length));
      const at = EditorSelection.cursor(range.head + insert.length);
      return { changes: { from: range.head, insert }, range: at };
    }),
    { userEvent: 'input.indent', scrollIntoView: true },
  );
  return true;
}

/** Whether the lines of a text are indented with tabs, as those of Go and of makefiles are. */
function usesTabs(doc: Text): boolean {
  const LINES_MAX = 200;
  let count = 0;
  for (const line of doc.iterLines(1, Math.min(doc.lines, LINES_MAX) + 1)) {
    if (line.startsWith('\t')) count++;
    else if (line.startsWith('  ')) count--;
  }
  return count > 0;
}

function extensionsOf(settings: EditorSettings, doc: Text): Extension {
  return [
    EditorState.tabSize.of(settings.tabWidth),
    indentUnit.of(usesTabs(doc) ? '\t' : ' '.repeat(settings.tabWidth)),
    settings.wrap ? EditorView.lineWrapping : [],
    EditorView.theme({
      '.cm-scroller': {
        fontSize: `${settings.fontSize}px`,
        fontVariantLigatures: settings.ligatures ? 'normal' : 'none',
      },
    }),
  ];
}
