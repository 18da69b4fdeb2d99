// @vitest-environment jsdom
import { render } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import Markdown from '#lib/markdown/Markdown.svelte';
import { checkLink, parseMarkdown } from '#lib/markdown/markdown.ts';

function show(text: string): HTMLElement {
  return render(Markdown, { text }).container;
}

describe('what answers are written in', () => {
  test('paragraphs with code, emphasis and links', () => {
    const shown = show('Use `a*b` and **never** *this*: see [the page](/new/python).\n\nNext.');
    expect(shown.querySelectorAll('p')).toHaveLength(2);
    expect(shown.querySelector('code')?.textContent).toBe('a*b');
    expect(shown.querySelector('strong')?.textContent).toBe('never');
    expect(shown.querySelector('em')?.textContent).toBe('this');
    expect(shown.querySelector('a')?.getAttribute('href')).toBe('/new/python');
    expect(shown.querySelector('p')?.textContent).toBe('Use a*b and never this: see the page.');
  });

  test('a block of code keeps its lines and what looks like Markdown', () => {
    expect(parseMarkdown('a\n```python\n**x** = 1\n\n# no heading\n```\nb')).toEqual([
      { kind: 'paragraph', children: [{ kind: 'text', text: 'a' }] },
      { kind: 'code', language: 'python', text: '**x** = 1\n\n# no heading' },
      { kind: 'paragraph', children: [{ kind: 'text', text: 'b' }] },
    ]);
  });

  test('a fence that is never closed ends with the text', () => {
    expect(parseMarkdown('```\nx')).toEqual([{ kind: 'code', language: '', text: 'x' }]);
  });

  test('lists, numbered from where they begin, with lists within', () => {
    const shown = show('- one\n  - inner\n- two\n\n3. three\n4. four');
    expect(shown.querySelectorAll('ul > li')).toHaveLength(3);
    expect(shown.querySelector('ul ul')?.textContent?.trim()).toBe('inner');
    expect(shown.querySelector('ol')?.getAttribute('start')).toBe('3');
  });

  test('a star between words, and one that is never closed, are stars', () => {
    expect(show('2 * 3 and *open').textContent?.trim()).toBe('2 * 3 and *open');
  });
});

describe('hostile text', () => {
  test.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert`1`)',
    '[x](data:text/html,<b>)',
    '[x](//evil.example)',
    '[x](/\\evil.example)',
    '![x](https://evil.example/pixel.png)',
    '```"onclick="alert(1)\nx\n```',
  ])('%s makes no script, no image, and no link that does harm', (text) => {
    const shown = show(text);
    expect(
      shown.querySelectorAll('script, img, iframe, object, [onerror], [onclick]'),
    ).toHaveLength(0);
    for (const link of shown.querySelectorAll('a')) {
      expect(link.getAttribute('href')).toMatch(/^https:\/\/evil\.example\/pixel\.png$/);
    }
  });

  test('links to other places leave no trace of this one', () => {
    expect(show('[x](https://example.org/a_(b))').querySelector('a')?.rel).toContain('noreferrer');
    expect(checkLink('https://example.org/a_(b)')).toBe('https://example.org/a_(b)');
  });

  test.each([
    '`'.repeat(4000),
    '*'.repeat(4000),
    '['.repeat(4000),
    '> '.repeat(2000),
    '- '.repeat(2000),
    '**a '.repeat(1000),
  ])('a long row of marks is read at once', (text) => {
    const began = performance.now();
    parseMarkdown(text);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
