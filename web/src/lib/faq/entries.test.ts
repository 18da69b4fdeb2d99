import { expect, test } from 'vitest';
import { mergeSections, searchSections } from '#lib/faq/entries.ts';

const ANSWER = {
  general: [
    { question: 'What runs here?', answer: 'Programs that `read` input.' },
    { question: 'What runs here?!', answer: 'The same question.' },
    { question: '???', answer: 'No letters.' },
  ],
  runtime: [{ question: 'Does pip work?', answer: 'No **network**.' }],
  runtime_id: 'python',
};

test('what is of the runtime comes first, and every question has an address of its own', () => {
  const sections = mergeSections(ANSWER);
  expect(sections.map(({ runtime }) => runtime)).toEqual(['python', null]);
  expect(sections.flatMap(({ questions }) => questions.map(({ anchor }) => anchor))).toEqual([
    'python-does-pip-work',
    'what-runs-here',
    'what-runs-here-2',
    'question',
  ]);
});

test('a runtime without questions has no section', () => {
  expect(mergeSections({ ...ANSWER, runtime: [] })).toHaveLength(1);
  expect(mergeSections({ ...ANSWER, runtime: null, runtime_id: null })).toHaveLength(1);
});

test('questions are found by words of their answers, marks left aside', () => {
  const found = (query: string) =>
    searchSections(mergeSections(ANSWER), query).flatMap(({ questions }) =>
      questions.map(({ question }) => question),
    );
  expect(found('network PIP')).toEqual(['Does pip work?']);
  expect(found('that read input')).toEqual(['What runs here?']);
  expect(found('')).toHaveLength(4);
  expect(found('nothing of this')).toEqual([]);
});
