/** What was typed on the start page, kept for this tab: logging in or reloading loses nothing. */
import { inTab } from '#lib/storage.ts';

const KEY = 'runyard.landing';

export interface Draft {
  runtime: string;
  /** Only what differs from the examples, by runtime. */
  texts: Record<string, string>;
}

export function readDraft(): Draft {
  const kept = inTab.readJson(KEY);
  return isDraft(kept) ? kept : { runtime: '', texts: {} };
}

export const keepDraft = (draft: Draft) => inTab.writeJson(KEY, draft);

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
