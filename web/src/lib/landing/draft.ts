/** What was typed on the start page, kept for this tab: logging in or reloading loses nothing. */
const KEY = 'runyard.landing';

export interface Draft {
  runtime: string;
  /** Only what differs from the examples, by runtime. */
  texts: Record<string, string>;
}

export function readDraft(): Draft {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '');
    if (isDraft(kept)) return kept;
  } catch {
    // None, or not from here.
  }
  return { runtime: '', texts: {} };
}

export function keepDraft(draft: Draft): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(draft));
  } catch {
    // Storage is off or full; the text stays on the page.
  }
}

function isDraft(value: unknown): value is Draft {
  if (typeof value !== 'object' || value === null) return false;
  const { runtime, texts } = value as Partial<Draft>;
  return (
    typeof runtime === 'string' &&
    typeof texts === 'object' &&
    texts !== null &&
    Object.values(texts).every((text) => typeof text === 'string')
  );
}
