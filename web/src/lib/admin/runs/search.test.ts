import { describe, expect, it } from 'vitest';
import {
  describeRuns,
  type Filters,
  runSeconds,
  stoppableStates,
  toQuery,
  waitSeconds,
} from '#lib/admin/runs/search.ts';
import type { OwnedSummary } from '#lib/api/types.ts';

const NONE: Filters = {
  state: '',
  outcome: '',
  owner: '',
  runtime: '',
  project: '',
  period: '',
  since: '',
  until: '',
};
const NOW = Date.parse('2026-11-21T12:00:00Z');

const RUN: OwnedSummary = {
  id: '01M808Y1FW0V11K5X0DJTRYA39',
  state: 'finished',
  outcome: 'succeeded',
  message: null,
  attempt: 1,
  runtime: 'c',
  entry: 'main.c',
  project: null,
  revision: null,
  created_at: '2026-11-21T11:59:50Z',
  started_at: '2026-11-21T11:59:52Z',
  finished_at: '2026-11-21T11:59:55Z',
  owner_id: 'A',
  owner: 'ada',
};

describe('what the API is asked', () => {
  it('is nothing without filters', () => {
    expect(toQuery(NONE, NOW)).toEqual({});
  });

  it('has the filters, and a period as a moment', () => {
    expect(toQuery({ ...NONE, owner: 'ada', period: '1h' }, NOW)).toEqual({
      owner: 'ada',
      since: '2026-11-21T11:00:00.000Z',
    });
  });

  it('has two moments only where the period says so', () => {
    const dates = { since: '2026-11-20T00:00', until: 'nonsense' };
    expect(toQuery({ ...NONE, ...dates }, NOW)).toEqual({});
    expect(toQuery({ ...NONE, ...dates, period: 'between' }, NOW)).toEqual({
      since: new Date('2026-11-20T00:00').toISOString(),
    });
  });
});

describe('what can be stopped', () => {
  it('is what is unfinished and matches', () => {
    expect(stoppableStates(NONE)).toEqual(['queued', 'starting', 'running']);
    expect(stoppableStates({ ...NONE, state: 'running' })).toEqual(['running']);
    expect(stoppableStates({ ...NONE, state: 'finished' })).toEqual([]);
    expect(stoppableStates({ ...NONE, outcome: 'failed' })).toEqual([]);
  });

  it('is told with numbers', () => {
    expect(describeRuns([{ owner_id: 'A' }])).toBe('1 program of 1 account');
    expect(describeRuns([{ owner_id: 'A' }, { owner_id: null }, { owner_id: null }])).toBe(
      '3 programs of 2 accounts',
    );
  });
});

describe('how long it took', () => {
  it('is between the moments', () => {
    expect(waitSeconds(RUN, NOW)).toBe(2);
    expect(runSeconds(RUN, NOW)).toBe(3);
  });

  it('goes on until now while it is unfinished', () => {
    const running = { ...RUN, state: 'running' as const, finished_at: null };
    expect(runSeconds(running, NOW)).toBe(8);
    const queued = { ...running, state: 'queued' as const, started_at: null };
    expect(waitSeconds(queued, NOW)).toBe(10);
    expect(runSeconds(queued, NOW)).toBeNull();
  });

  it('is unknown for what ended without a start', () => {
    expect(waitSeconds({ ...RUN, started_at: null }, NOW)).toBeNull();
  });
});
