// @vitest-environment jsdom
import { expect, test } from 'vitest';
import type { ProjectAnswer } from '#lib/api/types.ts';
import { embedAddress, embedCode, keyOf, readTags, sharedAddress } from '#lib/project/sharing.ts';

const project = (given: Partial<ProjectAnswer>) =>
  ({ id: 'ID', link: null, ...given }) as ProjectAnswer;

test('a project is known by its id, by its link, or not at all', () => {
  expect(keyOf(project({ visibility: 'public' }))).toBe('ID');
  expect(keyOf(project({ visibility: 'unlisted', link: 'secret' }))).toBe('secret');
  expect(keyOf(project({ visibility: 'private' }))).toBeNull();
});

test('addresses', () => {
  expect(sharedAddress('https://run.example', 'a/b')).toBe('https://run.example/shared/a%2Fb');
  expect(embedAddress('https://run.example', 'K')).toBe('https://run.example/embed/K?theme=auto');
  expect(embedAddress('https://run.example', 'K', { theme: 'dark', file: 'a b&c.py' })).toBe(
    'https://run.example/embed/K?theme=dark&file=a+b%26c.py',
  );
});

test.each([
  '"><script>alert(1)</script>',
  "' onload=alert(1) x='",
  '&quot; onload="x',
  '</iframe>',
])('a project called %s adds nothing to the code that embeds it', (name) => {
  const holder = new DOMParser().parseFromString(
    embedCode('https://run.example', 'K', name, { file: name }),
    'text/html',
  ).body;
  expect(holder.children).toHaveLength(1);
  expect(holder.textContent).toBe('');
  const frame = holder.querySelector('iframe')!;
  expect(frame.title).toBe(name);
  expect(frame.getAttributeNames().sort()).toEqual([
    'height',
    'loading',
    'src',
    'style',
    'title',
    'width',
  ]);
  const address = new URL(frame.src);
  expect(address.origin + address.pathname).toBe('https://run.example/embed/K');
  expect(address.searchParams.get('file')).toBe(name);
});

test('tags are read in whatever way they are typed', () => {
  expect(readTags(' Maths, c++  maths,\nprime-numbers ,')).toEqual([
    'maths',
    'c++',
    'prime-numbers',
  ]);
  expect(readTags(' ')).toEqual([]);
});
