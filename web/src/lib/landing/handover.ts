/** Hands what was typed on one page to the workbench of another, within this tab. */
const KEY = 'runyard.handover';

export interface Handover {
  runtime: string;
  files: { path: string; content: string }[];
}

export function handOver(handover: Handover): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(handover));
  } catch {
    // Storage is off; the workbench begins with its example.
  }
}

/** What was handed to the workbench of this runtime; it is handed over once. */
export function takeOver(runtime: string): Handover | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    if (!isHandover(kept) || kept.runtime !== runtime) return null;
    sessionStorage.removeItem(KEY);
    return kept;
  } catch {
    return null;
  }
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
