/** What the list of everybody's runs looks for: as the address has it, and as the API is asked. */
import type { Query } from '#lib/api/address.ts';
import type { OwnedSummary, State } from '#lib/api/types.ts';
import { formatSeconds } from '#lib/format.ts';

export const FILTERS = [
  'state',
  'outcome',
  'owner',
  'runtime',
  'project',
  'period',
  'since',
  'until',
] as const;

export type Filter = (typeof FILTERS)[number];
export type Filters = Record<Filter, string>;

export const PERIODS = [
  { value: '', label: 'Any time' },
  { value: '15m', label: 'Last 15 minutes', minutes: 15 },
  { value: '1h', label: 'Last hour', minutes: 60 },
  { value: '1d', label: 'Last 24 hours', minutes: 24 * 60 },
  { value: '7d', label: 'Last 7 days', minutes: 7 * 24 * 60 },
  { value: 'between', label: 'Between …' },
];

export const UNFINISHED: State[] = ['queued', 'starting', 'running'];

export function toQuery(filters: Filters, nowMs: number): Query {
  const { period, since, until, ...rest } = filters;
  const minutes = PERIODS.find((each) => each.value === period)?.minutes;
  const isBetween = period === 'between';
  const given: Query = {
    ...rest,
    since: minutes ? new Date(nowMs - minutes * 60_000).toISOString() : isBetween && toIso(since),
    until: isBetween && toIso(until),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value));
}

/** The states to look through for what can be stopped; none where nothing of it matches. */
export function stoppableStates(filters: Filters): State[] {
  if (filters.outcome) return [];
  if (!filters.state) return UNFINISHED;
  return UNFINISHED.filter((state) => state === filters.state);
}

export function isAny(filters: Filters): boolean {
  return FILTERS.some((name) => filters[name] !== '');
}

export function isUnfinished(run: Pick<OwnedSummary, 'state'>): boolean {
  return run.state !== 'finished';
}

/** From the request to the start; for what waits still, until now. */
export function waitSeconds(run: OwnedSummary, nowMs: number): number | null {
  if (run.started_at) return between(run.created_at, run.started_at);
  return isUnfinished(run) ? Math.max(0, nowMs - Date.parse(run.created_at)) / 1000 : null;
}

/** From the start to the end; for what runs still, until now. */
export function runSeconds(run: OwnedSummary, nowMs: number): number | null {
  if (!run.started_at) return null;
  if (run.finished_at) return between(run.started_at, run.finished_at);
  return Math.max(0, nowMs - Date.parse(run.started_at)) / 1000;
}

export function ownerName(run: Pick<OwnedSummary, 'owner'>): string {
  return run.owner ?? 'deleted account';
}

export function formatMaybe(seconds: number | null): string {
  return seconds === null ? '–' : formatSeconds(seconds);
}

/** "3 programs of 2 accounts" */
export function describeRuns(runs: Pick<OwnedSummary, 'owner_id'>[]): string {
  const owners = new Set(runs.map((run) => run.owner_id)).size;
  return `${runs.length} ${runs.length === 1 ? 'program' : 'programs'} of ${owners} ${
    owners === 1 ? 'account' : 'accounts'
  }`;
}

function between(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from)) / 1000;
}

/** What a date field holds is the visitor's own time. */
function toIso(local: string): string {
  const moment = new Date(local);
  return Number.isNaN(moment.getTime()) ? '' : moment.toISOString();
}
