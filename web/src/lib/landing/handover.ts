/** Hands what was typed on one page to the workbench of another, within this tab. */
import { inTab } from '#lib/storage.ts';

const KEY = 'runyard.handover';

export interface Handover {
  runtime: string;
  files: { path: string; content: string }[];
}

export const handOver = (handover: Handover) => inTab.writeJson(KEY, handover);

/** What was handed to the workbench of this runtime; it is handed over once. */
export function takeOver(runtime: string): Handover | null {
  const kept = inTab.readJson(KEY);
  if (!isHandover(kept) || kept.runtime !== runtime) return null;
  inTab.write(KEY, null);
  return kept;
}

function isHandover(value: unknown): value is Handover {
  if (typeof value !== 'object' || value === null) return false;
  const { runtime, files } = value as Partial<Handover>;
  return (
    typeof runtime === 'string' &&
    Array.isArray(files) &&
    files.every(({ path, content }) => typeof path === 'string' && typeof content === 'string')
  );
}
