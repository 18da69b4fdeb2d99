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
