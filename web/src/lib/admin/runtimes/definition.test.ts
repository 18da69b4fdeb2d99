import { describe, expect, it } from 'vitest';
import {
  changedFields,
  type Definition,
  parseFields,
  problemAt,
  problemsElsewhere,
  restAsText,
  toGiven,
  withContent,
  withRest,
} from '#lib/admin/runtimes/definition.ts';
import { Problem } from '#lib/api/problem.ts';

const BEFORE: Definition = {
  name: 'AWK',
  description: 'mawk.',
  run_limits: { wall_seconds: 10, memory_mib: 64 },
  toolchain: [{ programs: ['mawk'], run: ['mawk', '-f', '{entry}'], version: ['mawk'] }],
};
const RUNTIME = { source: 'edited' as const, edited: ['name'], definition: BEFORE as never };

describe('what is sent of an edited definition', () => {
  it('is what was edited before and what is now', () => {
    const draft = { ...BEFORE, description: 'Another.' };
    expect(toGiven(RUNTIME, draft)).toEqual({ name: 'AWK', description: 'Another.' });
  });

  it('leaves out what is to be as in the catalogue', () => {
    const draft = { ...BEFORE, description: 'Another.' };
    expect(toGiven(RUNTIME, draft, ['name'])).toEqual({ description: 'Another.' });
  });

  it('is everything of a runtime that the catalogue has not', () => {
    expect(toGiven({ ...RUNTIME, source: 'added' }, BEFORE)).toEqual(BEFORE);
  });

  it('does not take another order of members for a change', () => {
    const draft = { ...BEFORE, run_limits: { memory_mib: 64, wall_seconds: 10 } };
    expect(changedFields(BEFORE, draft)).toEqual([]);
    expect(changedFields(BEFORE, { ...draft, run_limits: { memory_mib: 65 } })).toEqual([
      'run_limits',
    ]);
  });
});

describe('what is wrong with a definition', () => {
  const limit = new Problem(422, {
    code: 'limit_out_of_range',
    limit: 'memory_bytes',
    detail: 'run_limits.memory_bytes is 1; it must be between 2 and 3.',
  });
  const fields = new Problem(422, {
    code: 'invalid_request',
    errors: [
      { field: 'name', message: 'too short' },
      { field: 'toolchain[0].run', message: 'a shell string' },
    ],
  });

  it('stands at its field, in the form and in a test of it', () => {
    expect(problemAt(fields, 'name')).toBe('too short');
    expect(problemAt(fields, 'entry')).toBeUndefined();
    const tried = new Problem(422, { errors: [{ field: 'definition.name', message: 'bad' }] });
    expect(problemAt(tried, 'name')).toBe('bad');
  });

  it('stands at the limit of the table that is meant', () => {
    expect(problemAt(limit, 'run_limits.memory_mib')).toContain('between 2 and 3');
    expect(problemAt(limit, 'run_limits.disk_mib')).toBeUndefined();
    expect(problemAt(limit, 'compile_limits.memory_mib')).toBeUndefined();
  });

  it('is told elsewhere where there is no field for it', () => {
    expect(problemsElsewhere(fields, ['name'])).toEqual(['toolchain[0].run: a shell string']);
    expect(problemsElsewhere(limit, ['run_limits.memory_mib'])).toEqual([]);
    expect(problemsElsewhere(new Problem(409, { detail: 'No.' }), ['name'])).toEqual(['No.']);
  });
});

describe('the rest of a definition as text', () => {
  it('is what the form has no inputs for, and comes back', () => {
    const text = restAsText(BEFORE);
    expect(Object.keys(parseFields(text))).toEqual(['toolchain']);
    expect(withRest(BEFORE, parseFields(text))).toEqual(BEFORE);
    expect(withRest(BEFORE, {})).not.toHaveProperty('toolchain');
  });

  it('says what it cannot read', () => {
    expect(() => parseFields('{')).toThrow('not JSON');
    expect(() => parseFields('[]')).toThrow('an object');
  });
});

it('changes one file and leaves the others', () => {
  const files = [{ path: 'a', content: '1', executable: true }];
  expect(withContent(files, 'a', '2')).toEqual([{ path: 'a', content: '2', executable: true }]);
  expect(withContent(files, 'b', '2')).toEqual([...files, { path: 'b', content: '2' }]);
});
