/** What the gallery is asked for, as it stands in the address. */
export interface GalleryFilters {
  query: string;
  language: string;
  tag: string;
  sort: 'newest' | 'stars';
  offset: number;
}

export const PAGE_SIZE = 24;
const OFFSET_MAX = 10_000;

export function readFilters(search: { get(name: string): string | null }): GalleryFilters {
  const tag = (search.get('tag') ?? '').toLowerCase();
  const offset = Number(search.get('offset') ?? 0);
  return {
    query: (search.get('q') ?? '').slice(0, 100),
    language: search.get('language') ?? '',
    // What can be no tag finds nothing; the server would refuse to look for it.
    tag: /^[a-z0-9+#-]{1,30}$/.test(tag) ? tag : '',
    sort: search.get('sort') === 'stars' ? 'stars' : 'newest',
    offset: Number.isInteger(offset) && offset > 0 && offset <= OFFSET_MAX ? offset : 0,
  };
}

export function isFiltered({ query, language, tag }: GalleryFilters): boolean {
  return Boolean(query || language || tag);
}

export function toQuery({ query, language, tag, sort, offset }: GalleryFilters) {
  return {
    query: query || null,
    language: language || null,
    tag: tag || null,
    sort,
    offset,
    limit: PAGE_SIZE,
  };
}

/** The link that shows the same with something changed; a change of anything begins at the start. */
export function galleryLink(filters: GalleryFilters, changes: Partial<GalleryFilters>): string {
  const { query, language, tag, sort, offset } = { ...filters, offset: 0, ...changes };
  const search = new URLSearchParams({
    ...(query && { q: query }),
    ...(language && { language }),
    ...(tag && { tag }),
    ...(sort !== 'newest' && { sort }),
    ...(offset > 0 && { offset: String(offset) }),
  }).toString();
  return search ? `/gallery?${search}` : '/gallery';
}
