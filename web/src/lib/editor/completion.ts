/** Suggests the language's own words, and the names and words of all files of the project. */
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import type { Text } from '@codemirror/state';

const WORD = /[\p{L}_$][\p{L}\p{N}_$]{2,}/gu;
const SYMBOL =
  /\b(def|fn|func|fun|function|sub|proc|procedure|class|struct|interface|enum|trait|record|object|module|namespace|type)\s+([\p{L}_$][\p{L}\p{N}_$]*)/gu;
const CALLABLE = /^(def|fn|func|fun|function|sub|proc|procedure)$/;
// Words of machine-made files would bury everything else.
const CHARACTERS_MAX = 500_000;
const LINE_CHARACTERS_MAX = 2_000;

export interface Words {
  words: Set<string>;
  symbols: Map<string, 'function' | 'class'>;
}

const known = new WeakMap<Text, Words>();

/** The words of a text, and the names that it defines; remembered as long as the text is. */
export function collectWords(doc: Text): Words {
  const remembered = known.get(doc);
  if (remembered) return remembered;
  const found: Words = { words: new Set(), symbols: new Map() };
  if (doc.length <= CHARACTERS_MAX) {
    for (const line of doc.iterLines()) {
      if (line.length > LINE_CHARACTERS_MAX) continue;
      for (const [word] of line.matchAll(WORD)) found.words.add(word);
      for (const [, how, name] of line.matchAll(SYMBOL))
        found.symbols.set(name!, CALLABLE.test(how!) ? 'function' : 'class');
    }
  }
  known.set(doc, found);
  return found;
}

export interface Source {
  path: string;
  doc: Text;
}

/** What may be meant, best first: keywords, what this file defines, what the others do, mere words. */
export function buildCompletions(
  keywords: readonly string[],
  own: Text,
  others: readonly Source[],
  typed: string,
): Completion[] {
  const options = new Map<string, Completion>();
  const add = (label: string, completion: Omit<Completion, 'label'>) => {
    // What is being typed is no suggestion for itself.
    if (label !== typed && !options.has(label)) options.set(label, { label, ...completion });
  };
  const mine = collectWords(own);
  for (const [name, type] of mine.symbols) add(name, { type, boost: 3 });
  for (const word of keywords) add(word, { type: 'keyword', boost: 1 });
  for (const { path, doc } of others) {
    for (const [name, type] of collectWords(doc).symbols)
      add(name, { type, detail: path, boost: 2 });
  }
  for (const word of mine.words) add(word, { type: 'text' });
  for (const { path, doc } of others) {
    for (const word of collectWords(doc).words)
      add(word, { type: 'text', detail: path, boost: -1 });
  }
  return [...options.values()];
}

export function completeFrom(
  keywords: () => Promise<readonly string[]>,
  others: () => readonly Source[],
): (context: CompletionContext) => Promise<CompletionResult | null> {
  return async (context) => {
    const before = context.matchBefore(/[\p{L}_$][\p{L}\p{N}_$]*/u);
    if (!before && !context.explicit) return null;
    if (before && before.text.length < 2 && !context.explicit) return null;
    const typed = before?.text ?? '';
    return {
      from: before?.from ?? context.pos,
      options: buildCompletions(await keywords(), context.state.doc, others(), typed),
      validFor: /^[\p{L}_$][\p{L}\p{N}_$]*$/u,
    };
  };
}
