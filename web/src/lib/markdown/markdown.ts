/**
 * The Markdown that answers are written in, as a tree that components show: text never becomes
 * markup, and a link leads nowhere but to pages. What is not known here stays the text it is.
 */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'strong'; children: Inline[] }
  | { kind: 'emphasis'; children: Inline[] }
  | { kind: 'link'; href: string; children: Inline[] };

export type Block =
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'heading'; children: Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'list'; isOrdered: boolean; start: number; items: Block[][] }
  | { kind: 'quote'; blocks: Block[] };

// Deeper than anybody reads; it bounds what a hostile text can make of the page.
const DEPTH_MAX = 6;
const FENCE = /^ {0,3}(`{3,})\s*([\w+#.-]{0,30})[^`]*$/;
const HEADING = /^ {0,3}#{1,6} +(.+?)(?: +#+)?$/;
const ITEM = /^( {0,3})(?:[-*+]|(\d{1,9})[.)]) +(\S.*)$/;
const QUOTE = /^ {0,3}> ?/;
const INLINE =
  /(`+)(?!`)(.+?)(?<!`)\1(?!`)|\*\*(?=\S)([^*]+?)\*\*|\*(?=\S)([^*]+?)\*|\[([^[\]]+)\]\(([^\s()]*(?:\([^\s()]*\)[^\s()]*)?)\)|\\([\\`*_{}[\]()#+.!>-])/s;

export function parseMarkdown(text: string): Block[] {
  return parseLines(text.split(/\r?\n/), 0);
}

/** The address if a link may lead there, else null. */
export function checkLink(href: string): string | null {
  if (/^(?:https?:\/\/|mailto:)[^\s]+$/i.test(href)) return href;
  // `//host` and `/\host` name other hosts.
  return /^(?:#|\/(?![/\\]))[^\s\\]*$/.test(href) ? href : null;
}

/** The text alone, for searching. */
export function plainText(text: string): string {
  return text.replace(/[`*]/g, '');
}

function parseLines(lines: string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  const endParagraph = () => {
    if (paragraph.length > 0)
      blocks.push({ kind: 'paragraph', children: parseInline(paragraph.join('\n')) });
    paragraph = [];
  };
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    const special = depth < DEPTH_MAX ? readSpecial(lines, at, depth) : null;
    if (special) {
      endParagraph();
      blocks.push(special.block);
      at = special.next;
      continue;
    }
    if (line.trim() === '') endParagraph();
    else paragraph.push(line.trim());
    at++;
  }
  endParagraph();
  return blocks;
}

function readSpecial(
  lines: string[],
  at: number,
  depth: number,
): { block: Block; next: number } | null {
  const line = lines[at]!;
  const fence = FENCE.exec(line);
  if (fence) return readCode(lines, at, fence[1]!, fence[2]!);
  const heading = HEADING.exec(line);
  if (heading)
    return { block: { kind: 'heading', children: parseInline(heading[1]!) }, next: at + 1 };
  if (QUOTE.test(line)) {
    let next = at;
    while (next < lines.length && QUOTE.test(lines[next]!)) next++;
    const inner = lines.slice(at, next).map((each) => each.replace(QUOTE, ''));
    return { block: { kind: 'quote', blocks: parseLines(inner, depth + 1) }, next };
  }
  return ITEM.test(line) ? readList(lines, at, depth) : null;
}

function readCode(lines: string[], at: number, fence: string, language: string) {
  let next = at + 1;
  while (next < lines.length && !(lines[next]!.trim().startsWith(fence) && isFence(lines[next]!)))
    next++;
  const text = lines.slice(at + 1, next).join('\n');
  return { block: { kind: 'code' as const, language, text }, next: next + 1 };
}

function isFence(line: string): boolean {
  return /^ {0,3}`{3,}\s*$/.test(line);
}

function readList(lines: string[], at: number, depth: number) {
  const first = ITEM.exec(lines[at]!)!;
  const isOrdered = first[2] !== undefined;
  const items: string[][] = [];
  let next = at;
  for (; next < lines.length; next++) {
    const line = lines[next]!;
    const item = ITEM.exec(line);
    // Deeper ones are items of a list within.
    const isOwn = item && item[1]!.length < first[1]!.length + 2;
    if (isOwn && (item[2] !== undefined) === isOrdered) items.push([item[3]!]);
    else if (/^ {2,}\S/.test(line)) items.at(-1)!.push(line.replace(/^ {2,4}/, ''));
    else if (line.trim() === '' && /^( {2,}|[-*+] |\d+[.)] )/.test(lines[next + 1] ?? ''))
      items.at(-1)!.push('');
    else break;
  }
  const start = isOrdered ? Number(first[2]) : 1;
  const parsed = items.map((each) => parseLines(each, depth + 1));
  return { block: { kind: 'list' as const, isOrdered, start, items: parsed }, next };
}

function parseInline(text: string, depth = 0): Inline[] {
  const found: Inline[] = [];
  const say = (words: string) => {
    if (words) found.push({ kind: 'text', text: words });
  };
  let rest = text;
  for (;;) {
    const match = depth < DEPTH_MAX ? INLINE.exec(rest) : null;
    if (!match) break;
    say(rest.slice(0, match.index));
    rest = rest.slice(match.index + match[0].length);
    const [whole, , code, strong, emphasis, label, href, escaped] = match;
    if (code !== undefined) found.push({ kind: 'code', text: trimCode(code) });
    else if (strong !== undefined)
      found.push({ kind: 'strong', children: parseInline(strong, depth + 1) });
    else if (emphasis !== undefined)
      found.push({ kind: 'emphasis', children: parseInline(emphasis, depth + 1) });
    else if (escaped !== undefined) say(escaped);
    else {
      const safe = checkLink(href!);
      if (safe === null) say(whole);
      else found.push({ kind: 'link', href: safe, children: parseInline(label!, depth + 1) });
    }
  }
  say(rest);
  return found;
}

/** `` ` `` is written with spaces beside it. */
function trimCode(code: string): string {
  return /^ .*[^ ].* $/s.test(code) ? code.slice(1, -1) : code;
}
