/** The order of a list as the address has it: a column, with a minus where it descends. */
export interface Sort {
  column: string;
  descending: boolean;
}

type Key = string | number | boolean | null;

export function parseSort(text: string): Sort {
  return { column: text.replace(/^-/, ''), descending: text.startsWith('-') };
}

/** What a press on a column's head makes of the order: ascending first, then the other way round. */
export function nextSort(current: string, column: string): string {
  return current === column ? `-${column}` : column;
}

/** Sort by one of several keys; what has none comes last, whichever way it goes. */
export function sortBy<T>(
  items: readonly T[],
  text: string,
  keys: Record<string, (item: T) => Key>,
): T[] {
  const { column, descending } = parseSort(text);
  const key = Object.hasOwn(keys, column) ? keys[column] : undefined;
  if (!key) return [...items];
  return [...items].sort((one, other) => compare(key(one), key(other), descending));
}

function compare(one: Key, other: Key, descending: boolean): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  const order =
    typeof one === 'string' && typeof other === 'string'
      ? one.localeCompare(other, 'en', { numeric: true, sensitivity: 'base' })
      : Number(one) - Number(other);
  return descending ? -order : order;
}
