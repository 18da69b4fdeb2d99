import { expect, test } from 'vitest';
import { buildRequest } from '#lib/execution/given.ts';

test('a program is given what was typed', () => {
  expect(
    buildRequest({ args: ['a b'], stdin: 'x', env: { A: '1' }, interactive: true }),
  ).toMatchObject({
    args: ['a b'],
    stdin: 'x',
    env: { A: '1' },
    interactive: true,
    terminal: null,
  });
});

test('a terminal takes its input from the keyboard', () => {
  const request = buildRequest({ stdin: 'x', terminal: true });
  expect(request).toMatchObject({
    stdin: '',
    interactive: true,
    terminal: { rows: 24, columns: 80 },
  });
});

test('with tests nothing is asked for that the API refuses beside them', () => {
  const request = buildRequest({
    stdin: 'x',
    interactive: true,
    terminal: true,
    tests: [{ name: 'a' }],
  });
  expect(Object.keys(request).sort()).toEqual(['args', 'env', 'limits', 'merge_stderr', 'tests']);
});

test('kinds of which many files are given are not asked for', () => {
  const files = ['a.json', 'b.json', 'c.json', 'd.json', 'e.csv'];
  const { artifacts } = buildRequest({ files });
  expect(artifacts).toContain('**/*.png');
  expect(artifacts).toContain('**/*.csv');
  expect(artifacts).not.toContain('**/*.json');
  // No policy allows more patterns.
  expect(artifacts!.length).toBeLessThanOrEqual(16);
});
