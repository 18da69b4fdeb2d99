/** Where the API is. */
export type Query = Record<string, string | number | boolean | null | undefined>;

export function apiOrigin(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="runyard-api"]')?.content ?? '';
}

export function apiUrl(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return `${apiOrigin()}/api/v1${path}${search ? `?${search}` : ''}`;
}
