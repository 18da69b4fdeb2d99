/** The audit log's filters, as the address has them and as the API asks for them. */
import type { Query } from '#lib/api/address.ts';
import type { AuditEntryAnswer } from '#lib/api/types.ts';
import type { Cell } from '#lib/admin/csv.ts';

export const FILTERS = ['actor', 'action', 'query', 'since', 'until'] as const;
export type Filters = Record<(typeof FILTERS)[number], string>;

export const GROUPS = [
  'account',
  'execution',
  'faq',
  'invitation',
  'mail',
  'platform',
  'policy',
  'runtime',
  'setting',
];

/** Times are entered as the clock on the wall has them. */
export function toQuery({ actor, action, query, since, until }: Filters): Query {
  return {
    actor: actor || null,
    action: action || null,
    query: query || null,
    since: toMoment(since),
    until: toMoment(until),
  };
}

function toMoment(text: string): string | null {
  const moment = new Date(text);
  return text === '' || Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}

export const CSV_HEAD = [
  'at',
  'actor',
  'actor_id',
  'address',
  'action',
  'target',
  'before',
  'after',
  'request_id',
  'id',
];

export function toCsvRow(entry: AuditEntryAnswer): Cell[] {
  const { actor } = entry;
  return [
    entry.at,
    actor.name,
    actor.account_id,
    actor.address,
    entry.action,
    entry.target,
    toText(entry.before),
    toText(entry.after),
    entry.request_id,
    entry.id,
  ];
}

function toText(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
