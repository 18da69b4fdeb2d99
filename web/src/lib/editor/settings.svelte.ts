/** How the editor looks and behaves, remembered in this browser. */
import { untrack } from 'svelte';
import { inBrowser } from '#lib/storage.ts';

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
  untrack(() => inBrowser.writeJson(KEY, settings));
}

function read(): EditorSettings {
  const kept = Object.entries(inBrowser.readJson(KEY) ?? {});
  return {
    ...INITIAL,
    ...Object.fromEntries(
      kept.filter(([name, value]) => typeof value === typeof INITIAL[name as keyof EditorSettings]),
    ),
  };
}
