import { expect, test } from 'vitest';
import { galleryLink, isFiltered, readFilters, toQuery } from '#lib/gallery/filters.ts';

const read = (search: string) => readFilters(new URLSearchParams(search));

test('what the address says is what the server is asked', () => {
  const filters = read('q=prime&language=C%2B%2B&tag=maths&sort=stars&offset=24');
  expect(toQuery(filters)).toEqual({
    query: 'prime',
    language: 'C++',
    tag: 'maths',
    sort: 'stars',
    offset: 24,
    limit: 24,
  });
  expect(galleryLink(filters, {}).split('?')[1]).toBe(
    'q=prime&language=C%2B%2B&tag=maths&sort=stars',
  );
});

test.each([
  'offset=-1',
  'offset=x',
  'offset=1e9',
  'offset=2.5',
  'sort=random',
  'tag=%00',
  'tag=a%20b',
  '',
])('an address with %s shows the first page of all', (search) => {
  const filters = read(search);
  expect(filters).toEqual(read(''));
  expect(isFiltered(filters)).toBe(false);
  expect(galleryLink(filters, {})).toBe('/gallery');
});

test('a changed filter begins at the first page, and pages keep the filters', () => {
  const filters = read('tag=maths&offset=48');
  expect(galleryLink(filters, { tag: '' })).toBe('/gallery');
  expect(galleryLink(filters, { offset: 72 })).toBe('/gallery?tag=maths&offset=72');
});
