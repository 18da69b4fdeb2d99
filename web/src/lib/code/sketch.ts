/**
 * Colours code by what nearly all languages have in common: comments, strings, numbers and words
 * that mean something. It is not a parser; it is small enough for a page that nobody waits for.
 */
import type { Part } from '#lib/code/lines.ts';

const WORDS = new Set(
  (
    'abstract and as async await begin bool boolean break case catch chan char class const continue ' +
    'def default defer delete do done double echo elif else elsif end enum esac except export extends extern ' +
    'false fi final finally float fn for foreach from func function go if impl implements import in ' +
    'int interface is lambda let local long loop match mod module mut namespace new nil none not null ' +
    'of or package pass private protected pub public raise range ref require return rescue self short ' +
    'size_t static string struct super switch template then this throw throws trait true try type ' +
    'typedef typename typeof undefined union unless unsigned until use using val var virtual void when ' +
    'where while with yield None True False include'
  ).split(' '),
);
const HASH_COMMENTS =
  /\.(?:py|rb|sh|bash|pl|r|R|jl|php|awk|tcl|ex|exs|nim|cr|raku|jq|coffee|fish)$/;
const DASH_COMMENTS = /\.(?:lua|sql|hs|adb|ads|elm)$/;
const SLASHES = String.raw`\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)`;
const REST =
  String.raw`"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'|` +
  '`(?:\\\\.|[^`\\\\])*`?' +
  String.raw`|\b\d[\w.]*|[A-Za-z_]\w*`;

export function sketch(path: string, text: string): Part[] {
  const comments = HASH_COMMENTS.test(path)
    ? String.raw`#[^\n]*`
    : DASH_COMMENTS.test(path)
      ? String.raw`--[^\n]*`
      : SLASHES;
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(new RegExp(`(${comments})|${REST}`, 'g'))) {
    const classes = match[1] !== undefined ? 'tok-comment' : classify(match[0]);
    if (!classes) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index), classes: '' });
    parts.push({ text: match[0], classes });
    end = match.index + match[0].length;
  }
  parts.push({ text: text.slice(end), classes: '' });
  return parts;
}

function classify(token: string): string {
  if (/^["'`]/.test(token)) return 'tok-string';
  if (/^\d/.test(token)) return 'tok-number';
  if (WORDS.has(token)) return 'tok-keyword';
  return /^[A-Z]\w*[a-z]\w*$/.test(token) ? 'tok-typeName' : '';
}
