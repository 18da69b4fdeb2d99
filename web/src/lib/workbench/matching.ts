/** Finds what somebody means by a few letters: all of them, in their order, best where words begin. */
export interface Match<T> {
  item: T;
  score: number;
}

/** Null: not meant. Higher is better. */
export function scoreMatch(query: string, text: string): number | null {
  const wanted = query.toLowerCase().replaceAll(/\s+/g, '');
  if (!wanted) return 0;
  const lower = text.toLowerCase();
  const whole = lower.indexOf(query.toLowerCase().trim());
  if (whole >= 0) return 1000 - whole - text.length / 100 + (startsWord(text, whole) ? 200 : 0);
  let score = 0;
  let at = -1;
  for (const letter of wanted) {
    const next = lower.indexOf(letter, at + 1);
    if (next < 0) return null;
    if (next === at + 1) score += 8;
    if (startsWord(text, next)) score += 12;
    score -= Math.min(next - at, 10);
    at = next;
  }
  return score;
}

export function findMatches<T>(
  query: string,
  items: readonly T[],
  textOf: (item: T) => string,
): T[] {
  const found: Match<T>[] = [];
  for (const item of items) {
    const score = scoreMatch(query, textOf(item));
    if (score !== null) found.push({ item, score });
  }
  // What is equally good stays in its order.
  return found.sort((one, other) => other.score - one.score).map(({ item }) => item);
}

function startsWord(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = text[at - 1]!;
  return /[\s/_.:-]/.test(before) || (/[a-z]/.test(before) && /[A-Z]/.test(text[at]!));
}
