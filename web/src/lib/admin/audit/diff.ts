/** What an entry of the audit log changed: two JSON values, place by place. */
export interface Change {
  /** Such as `limits_max.wall_seconds` or `entries[2].answer`; '' is the whole value. */
  path: string;
  /** Undefined: there was, or is, none. */
  before: unknown;
  after: unknown;
}

const COUNT_MAX = 200;

export function diff(before: unknown, after: unknown): Change[] {
  const changes: Change[] = [];
  compare('', before ?? undefined, after ?? undefined, changes);
  return changes;
}

/** A value in one line, cut where it is long. */
export function show(value: unknown, most = 400): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

function compare(path: string, before: unknown, after: unknown, changes: Change[]): void {
  if (changes.length >= COUNT_MAX || equal(before, after)) return;
  const [one, other] = [branches(before), branches(after)];
  // One that comes or goes is listed by its parts as well, but not a value that is something else now.
  if (
    (one || before === undefined) &&
    (other || after === undefined) &&
    (one?.size || other?.size)
  ) {
    for (const key of new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])])) {
      const isIndex = Array.isArray(before ?? after);
      const place = isIndex ? `${path}[${key}]` : path ? `${path}.${key}` : key;
      compare(place, one?.get(key), other?.get(key), changes);
    }
    return;
  }
  changes.push({ path, before, after });
}

function branches(value: unknown): Map<string, unknown> | null {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : null;
}

function equal(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
