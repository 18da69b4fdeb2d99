/** Arguments as one line, split as a shell would, without anything else that a shell does. */
export interface Split {
  args: string[];
  /** What is missing, while it is being typed. */
  problem: string | null;
}

export function splitArgs(line: string): Split {
  const args: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let index = 0; index < line.length; index++) {
    const character = line[index];
    if (quote === null && /\s/.test(character)) {
      if (word !== null) args.push(word);
      word = null;
    } else if (quote === null && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === quote) quote = null;
    else if (character === '\\' && isEscape(quote, line[index + 1])) {
      word = (word ?? '') + line[++index];
    } else word = (word ?? '') + character;
  }
  if (word !== null) args.push(word);
  return { args, problem: quote === null ? null : `The quote ${quote} is not closed.` };
}

/** Write arguments so that `splitArgs` gives the same ones. */
export function joinArgs(args: readonly string[]): string {
  return args.map(quoteArg).join(' ');
}

function quoteArg(arg: string): string {
  if (/^[\w@%+=:,./-]+$/.test(arg)) return arg;
  return arg.includes("'") ? `"${arg.replace(/["\\]/g, '\\$&')}"` : `'${arg}'`;
}

function isEscape(quote: '"' | "'" | null, next: string | undefined): boolean {
  if (next === undefined || quote === "'") return false;
  return quote === null || next === '"' || next === '\\';
}
