/** Light, dark, or what the system says. `static/theme.js` does the same before the first paint. */
import { inBrowser } from '#lib/storage.ts';

export type Theme = 'light' | 'dark' | 'system';

const KEY = 'runyard.theme';
const dark = typeof matchMedia === 'undefined' ? null : matchMedia('(prefers-color-scheme: dark)');

class ThemeChoice {
  chosen = $state<Theme>(read());
  #systemIsDark = $state(dark?.matches ?? false);

  constructor() {
    dark?.addEventListener('change', (event) => {
      this.#systemIsDark = event.matches;
      this.#apply();
    });
  }

  get isDark(): boolean {
    return this.chosen === 'system' ? this.#systemIsDark : this.chosen === 'dark';
  }

  choose(theme: Theme): void {
    this.chosen = theme;
    inBrowser.write(KEY, theme === 'system' ? null : theme);
    this.#apply();
  }

  #apply(): void {
    document.documentElement.dataset.theme = this.isDark ? 'dark' : 'light';
  }
}

function read(): Theme {
  // A page that embeds one of this site says which theme suits it.
  const asked = new URLSearchParams(location.search).get('theme');
  if (asked && location.pathname.startsWith('/embed/'))
    return asked === 'light' || asked === 'dark' ? asked : 'system';
  const kept = inBrowser.read(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export const theme = new ThemeChoice();
