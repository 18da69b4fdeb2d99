/** How the editor looks and behaves, remembered in this browser. */
import { untrack } from 'svelte';

export interface EditorSettings {
  fontSize: number;
  tabWidth: number;
  wrap: boolean;
  ligatures: boolean;
  keys: 'standard' | 'vim';
  completion: boolean;
  /** Whether the `?` key shows the shortcuts when nothing is being typed. */
  questionMark: boolean;
}

export const FONT_SIZES = [12, 13, 14, 16, 18, 20, 24];
export const TAB_WIDTHS = [2, 3, 4, 8];
const KEY = 'runyard.editor';
const INITIAL: EditorSettings = {
  fontSize: 14,
  tabWidth: 4,
  wrap: false,
  ligatures: false,
  keys: 'standard',
  completion: true,
  questionMark: true,
};

export const settings = $state<EditorSettings>(read());

export function changeSettings(changes: Partial<EditorSettings>): void {
  Object.assign(settings, changes);
  try {
    localStorage.setItem(KEY, JSON.stringify(untrack(() => settings)));
  } catch {
    // Storage is off; the choice holds for this page.
  }
}

function read(): EditorSettings {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<EditorSettings>;
    return {
      ...INITIAL,
      ...Object.fromEntries(
        Object.entries(kept).filter(
          ([name, value]) => typeof value === typeof INITIAL[name as keyof EditorSettings],
        ),
      ),
    };
  } catch {
    return { ...INITIAL };
  }
}
