/** What a browser keeps for the site. Where storage is off or full the site works, it only forgets. */

/** Until somebody clears it. */
export const inBrowser = keepIn('localStorage');
/** As long as the tab is open. */
export const inTab = keepIn('sessionStorage');

function keepIn(name: 'localStorage' | 'sessionStorage') {
  // Where storage is off, even its name throws.
  function read(key: string): string | null {
    try {
      return window[name].getItem(key);
    } catch {
      return null;
    }
  }

  /** Keep a text; null takes it away. */
  function write(key: string, text: string | null): void {
    try {
      if (text === null) window[name].removeItem(key);
      else window[name].setItem(key, text);
    } catch {
      // What the file begins with.
    }
  }

  return {
    read,
    write,
    /** What may be anything: earlier versions of the site kept it, or somebody's hand. */
    readJson(key: string): unknown {
      try {
        return JSON.parse(read(key) ?? 'null');
      } catch {
        return null;
      }
    },
    writeJson: (key: string, value: unknown) => write(key, JSON.stringify(value)),
  };
}
