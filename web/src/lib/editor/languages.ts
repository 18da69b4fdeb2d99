/**
 * Which language a file is written in: what the runtime says where an ending belongs to several
 * languages, else its ending. Grammars are loaded when they are first needed; a file without one is
 * plain text.
 */
import type { LanguageSupport } from '@codemirror/language';
import { extensionOf, nameOf } from '#lib/project/paths.ts';

// Names of CodeMirror's table by the languages of the catalogue, where the two differ.
const BY_RUNTIME: Record<string, string> = {
  Assembly: 'Gas',
  Bash: 'Shell',
  COBOL: 'Cobol',
  Fish: 'Shell',
  'Standard ML': 'SML',
  SQL: 'SQLite',
};

const BY_EXTENSION: Record<string, string> = {
  a68: 'ALGOL 68',
  adb: 'Ada',
  ads: 'Ada',
  asm: 'Gas',
  awk: 'AWK',
  bas: 'BASIC',
  yab: 'BASIC',
  bash: 'Shell',
  bf: 'Brainfuck',
  cob: 'Cobol',
  cbl: 'Cobol',
  cjs: 'JavaScript',
  cts: 'TypeScript',
  cxx: 'C++',
  cr: 'Crystal',
  ex: 'Elixir',
  exs: 'Elixir',
  fish: 'Shell',
  fth: 'Forth',
  '4th': 'Forth',
  h: 'C++',
  hpp: 'C++',
  hx: 'Haxe',
  jq: 'jq',
  lisp: 'Common Lisp',
  mjs: 'JavaScript',
  mod: 'Modula-2',
  mts: 'TypeScript',
  nim: 'Nim',
  pp: 'Pascal',
  pro: 'Prolog',
  prolog: 'Prolog',
  raku: 'Raku',
  rexx: 'REXX',
  rkt: 'Scheme',
  sml: 'SML',
  sql: 'SQLite',
  ss: 'Scheme',
  st: 'Smalltalk',
  v: 'V',
  vala: 'Vala',
  zig: 'Zig',
};

// Endings that several languages use; the runtime decides.
const AMBIGUOUS: Record<string, Record<string, string>> = {
  fs: { Forth: 'Forth' },
  m: { 'Objective-C': 'Objective-C', Octave: 'Octave' },
  pl: { Prolog: 'Prolog' },
  h: { C: 'C', 'Objective-C': 'Objective-C' },
  r: { REXX: 'REXX' },
};

/** The name of the language of a file, as people call it; empty for plain text. */
export function nameLanguage(path: string, runtimeLanguage = ''): string {
  const extension = extensionOf(path).toLowerCase();
  const decided = AMBIGUOUS[extension]?.[runtimeLanguage] ?? BY_EXTENSION[extension];
  if (decided) return decided;
  if (
    extension === '' &&
    runtimeLanguage &&
    !/^(readme|license|makefile|dockerfile)$/i.test(nameOf(path))
  )
    return BY_RUNTIME[runtimeLanguage] ?? '';
  return '';
}

export interface LoadedLanguage {
  name: string;
  support: LanguageSupport;
}

/** The words of a language, which are not needed before somebody types. */
export async function loadKeywords(language: string): Promise<readonly string[]> {
  const { keywordsOf } = await import('#lib/editor/keywords.ts');
  return keywordsOf(language);
}

/** Load the grammar of a file; null for plain text. */
export async function loadLanguage(
  path: string,
  runtimeLanguage = '',
): Promise<LoadedLanguage | null> {
  const name = nameLanguage(path, runtimeLanguage);
  // Python is what most people begin with: its grammar comes without the table of all the others.
  if (extensionOf(path) === 'py') {
    const { python } = await import('@codemirror/lang-python');
    return { name: 'Python', support: python() };
  }
  const own = await import('#lib/editor/keyword-languages.ts');
  const defined = own.defineLanguage(name);
  if (defined) return { name, support: defined };
  const { languages } = await import('@codemirror/language-data');
  const { LanguageDescription } = await import('@codemirror/language');
  const found =
    (name && LanguageDescription.matchLanguageName(languages, name, false)) ||
    LanguageDescription.matchFilename(languages, nameOf(path));
  return found ? { name: found.name, support: await found.load() } : null;
}
