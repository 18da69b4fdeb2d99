/** Lines that a compiler or a program complained about. */
import { type Extension, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  EditorView,
  gutter,
  GutterMarker,
  hoverTooltip,
} from '@codemirror/view';

interface Mark {
  at: number;
  message: string;
}

const add = StateEffect.define<Mark>({
  map: (mark, changes) => ({ ...mark, at: changes.mapPos(mark.at) }),
});
const clear = StateEffect.define<null>();

class ErrorMarker extends GutterMarker {
  constructor(readonly message: string) {
    super();
  }
  override eq(other: ErrorMarker): boolean {
    return other.message === this.message;
  }
  override toDOM(): Node {
    const mark = document.createElement('span');
    mark.className = 'cm-error-mark';
    mark.textContent = '●';
    mark.title = this.message;
    return mark;
  }
}

const field = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(found, transaction) {
    found = found.map(transaction.changes);
    if (transaction.docChanged) {
      // Who edits the line is mending it.
      const edited = new Set<number>();
      transaction.changes.iterChangedRanges((_from, _to, from, to) => {
        const { doc } =
          transaction.newDoc.length >= to ? { doc: transaction.newDoc } : transaction.state;
        for (let at = from; at <= to;) {
          const line = doc.lineAt(at);
          edited.add(line.from);
          at = line.to + 1;
        }
      });
      found = found.update({ filter: (from) => !edited.has(transaction.newDoc.lineAt(from).from) });
    }
    for (const effect of transaction.effects) {
      if (effect.is(clear)) found = Decoration.none;
      if (effect.is(add)) {
        const line = Decoration.line({ class: 'cm-error-line', message: effect.value.message });
        found = found.update({ add: [line.range(effect.value.at)], sort: true });
      }
    }
    return found;
  },
  provide: (own) => EditorView.decorations.from(own),
});

const messages = hoverTooltip((view, position) => {
  const line = view.state.doc.lineAt(position);
  let message = '';
  view.state.field(field).between(line.from, line.from, (_from, _to, mark) => {
    message = mark.spec.message;
  });
  if (!message) return null;
  return {
    pos: line.from,
    create() {
      const dom = document.createElement('div');
      dom.className = 'cm-diagnostic cm-diagnostic-error';
      dom.textContent = message;
      return { dom };
    },
  };
});

export const marks: Extension = [
  field,
  messages,
  gutter({
    class: 'cm-error-gutter',
    lineMarker(view, line) {
      let marker: GutterMarker | null = null;
      view.state.field(field).between(line.from, line.from, (_from, _to, mark) => {
        marker = new ErrorMarker(mark.spec.message);
      });
      return marker;
    },
    lineMarkerChange: (update) => update.startState.field(field) !== update.state.field(field),
  }),
  EditorView.baseTheme({
    '.cm-error-gutter': { width: '8px' },
    '.cm-error-mark': { color: 'var(--failed)', fontSize: '10px', paddingLeft: '1px' },
    '.cm-error-line': {
      backgroundColor: 'color-mix(in srgb, var(--failed) 7%, transparent)',
      textDecoration: 'underline wavy var(--failed)',
      textUnderlineOffset: '3px',
    },
  }),
];

export function markError(view: EditorView, line: number, message: string): void {
  const { doc } = view.state;
  if (line < 1 || line > doc.lines) return;
  view.dispatch({ effects: [clear.of(null), add.of({ at: doc.line(line).from, message })] });
}

export function clearMarks(view: EditorView): void {
  view.dispatch({ effects: clear.of(null) });
}
