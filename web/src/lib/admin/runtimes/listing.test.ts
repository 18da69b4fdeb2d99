import { describe, expect, it } from 'vitest';
import { filterRuntimes, stateOf } from '#lib/admin/runtimes/listing.ts';
import type { AdminRuntimeAnswer } from '#lib/api/types.ts';

function runtime(id: string, members: Partial<AdminRuntimeAnswer> = {}): AdminRuntimeAnswer {
  const definition = { name: `The ${id}`, language: id.toUpperCase(), aliases: [`${id}-x`] };
  return {
    id,
    state: 'available',
    reason: null,
    source: 'catalogue',
    lifecycle: 'active',
    definition,
    ...members,
  } as AdminRuntimeAnswer;
}

const RUNTIMES = [
  runtime('awk'),
  runtime('perl', { state: 'unavailable', reason: 'not installed: apt package perl' }),
  runtime('ruby', { state: 'unavailable', reason: 'its self-test ended failed', source: 'edited' }),
  runtime('tcl', { lifecycle: 'retired' }),
];
const ALL = { query: '', state: '', source: '', lifecycle: '' };
const ids = (filters: Partial<typeof ALL>) =>
  filterRuntimes(RUNTIMES, { ...ALL, ...filters }).map((each) => each.id);

describe('the list of runtimes', () => {
  it('finds all words in names, languages and aliases', () => {
    expect(ids({})).toHaveLength(4);
    expect(ids({ query: 'the AWK' })).toEqual(['awk']);
    expect(ids({ query: 'perl-x' })).toEqual(['perl']);
    expect(ids({ query: 'perl ruby' })).toEqual([]);
  });

  it('tells what fails from what is not there', () => {
    expect(RUNTIMES.map(stateOf)).toEqual(['available', 'missing', 'failing', 'available']);
    expect(ids({ state: 'failing' })).toEqual(['ruby']);
    expect(ids({ lifecycle: 'retired' })).toEqual(['tcl']);
    expect(ids({ source: 'edited', state: 'missing' })).toEqual([]);
  });
});
