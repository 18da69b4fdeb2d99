/** What a browser keeps for a page; where storage is off, nothing. */
export function read(storage: Storage, key: string): string | null {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

/** Keep a text; null takes it away. */
export function write(storage: Storage, key: string, text: string | null): void {
  try {
    if (text === null) storage.removeItem(key);
    else storage.setItem(key, text);
  } catch {
    // Storage is off or full: the page works, it only forgets.
  }
}
