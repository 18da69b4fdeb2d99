import { describe, expect, it, test } from 'vitest';
import { errorsOf, move, readList, toBody, toEntry } from '#lib/admin/faq/lists.ts';
import { Problem } from '#lib/api/problem.ts';

test('an entry is moved past its neighbours, and not out of the list', () => {
  expect(move(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
  expect(move(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
  expect(move(['a', 'b'], 1, 2)).toEqual(['a', 'b']);
});

test('what is sent has line ends as the API wants them', () => {
  expect(toBody([toEntry({ question: ' Why? ', answer: 'So.\r\nAnd so.\r\n' })])).toEqual([
    { question: 'Why?', answer: 'So.\nAnd so.' },
  ]);
});

describe('a file that is imported', () => {
  it('gives back what was exported', () => {
    const list = [{ question: 'Why?', answer: 'So.' }];
    expect(readList(JSON.stringify(list))).toEqual(list);
  });

  it('keeps nothing but questions and answers', () => {
    expect(readList('[{"question": "a", "answer": "b", "html": "<script>"}]')).toEqual([
      { question: 'a', answer: 'b' },
    ]);
  });

  test.each([
    ['nothing', 'not JSON'],
    ['{"a": 1}', 'not a list'],
    ['[{"question": "a", "answer": "b"}, {"question": "c"}]', 'Entry 2'],
    ['[null]', 'Entry 1'],
    [JSON.stringify(Array(51).fill({ question: 'a', answer: 'b' })), '51 questions'],
  ])('%s is refused', (text, reason) => {
    expect(() => readList(text)).toThrow(reason);
  });
});

test.each([
  ['[1].answer', '1.answer'],
  ['1.answer', '1.answer'],
  ['', ''],
])('what is wrong at %j is shown at %j', (field, place) => {
  const problem = new Problem(422, { errors: [{ field, message: 'too long' }] });
  expect(errorsOf(problem)).toEqual({ [place]: 'too long' });
});
