export interface Part {
  text: string;
  /** Of tokens.css; empty for what has no colour. */
  classes: string;
}

export type Line = Part[];

export function splitLines(text: string): Line[] {
  return text.split('\n').map((line) => (line ? [{ text: line, classes: '' }] : []));
}
