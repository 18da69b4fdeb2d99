import { describe, expect, it, test } from 'vitest';
import {
  errorsOf,
  flatten,
  inherited,
  subjectOf,
  toDraft,
  toValues,
} from '#lib/admin/policies/layers.ts';
import { Problem } from '#lib/api/problem.ts';

const SAID = [
  { layer: 'server', value: 60 },
  { layer: 'defaults', value: 30 },
  { layer: 'role:user', value: 20 },
  { layer: 'account:01A', value: 5 },
  { layer: 'runtime:bash', value: 2 },
];

test.each([
  ['account:01A', 'role:user', 20],
  ['role:user', 'defaults', 30],
  ['defaults', 'server', 60],
  ['runtime:bash', 'defaults', 30],
])('%s inherits from %s', (layer, source, value) => {
  expect(inherited(SAID, layer)).toEqual({ layer: source, value });
});

test.each([
  ['account:01A', { account: '01A' }],
  ['role:admin', { role: 'admin' }],
  ['role:anonymous', {}],
  ['runtime:bash', { role: 'user' }],
])('what lies under %s is asked as %j', (layer, subject) => {
  expect(subjectOf(layer)).toEqual(subject);
});

describe('the drafts of a layer', () => {
  it('become the values they were made of', () => {
    const values = {
      limits_max: { wall_seconds: 20, memory_bytes: 1_000_000 },
      active_count_max: null,
      project_runs: 'queue',
    };
    const drafts = Object.entries(flatten(values)).map(([name, value]) => [
      name,
      toDraft(name, value),
    ]);
    expect(toValues(Object.fromEntries(drafts))).toEqual({ values, errors: {} });
  });

  it('say nothing where they are empty', () => {
    expect(toValues({ file_count_max: toDraft('file_count_max', undefined) }).values).toEqual({});
  });

  it('keep what is wrong with the value it is about', () => {
    const draft = { text: 'many', unit: '', unbounded: false };
    expect(Object.keys(toValues({ file_count_max: draft }).errors)).toEqual(['file_count_max']);
  });
});

describe('what the API refuses', () => {
  test.each([
    [{ limit: 'wall_seconds', detail: 'too long' }, 'limits_max.wall_seconds', 'too long'],
    [{ limit: 'file_count_max', detail: 'too many' }, 'file_count_max', 'too many'],
    [{ field: 'limits_max.cpu_seconds', detail: 'no' }, 'limits_max.cpu_seconds', 'no'],
    [
      { errors: [{ field: 'active_count_max.int', message: 'no number' }] },
      'active_count_max',
      'no number',
    ],
    [{ detail: 'something else' }, '', 'something else'],
  ])('%j is shown at %s', (document, name, message) => {
    expect(errorsOf(new Problem(422, document))).toEqual({ [name]: message });
  });
});
