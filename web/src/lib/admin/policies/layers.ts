/** The layers of policies: the last one that says something of a value decides it. */
import type { SaidAnswer } from '#lib/api/types.ts';
import type { Query } from '#lib/api/address.ts';
import type { Problem } from '#lib/api/problem.ts';
import {
  formatValue,
  fromAmount,
  kindOf,
  toAmount,
  type Amount,
} from '#lib/admin/policies/amounts.ts';
import { NAMES, UNBOUNDED } from '#lib/admin/policies/values.ts';

const GROUP = 'limits_max';
const ORDER = ['server', 'defaults', 'role', 'account', 'runtime'];
const TITLES: Record<string, string> = {
  server: 'Server start',
  defaults: 'Everybody with an account',
  'role:user': 'Users',
  'role:admin': 'Administrators',
  'role:anonymous': 'Guests without an account',
};

export type Values = Record<string, unknown>;

/** What an editor holds of one value; without text and bound it is inherited. */
export interface Draft extends Amount {
  unbounded: boolean;
}

export const FIXED_LAYERS = ['defaults', 'role:user', 'role:admin', 'role:anonymous'];

/** How a layer is called; `account` is the name of the one it is of, where that is known. */
export function titleOf(layer: string, account?: string): string {
  const [kind, id] = layer.split(':', 2);
  if (kind === 'account') return `Account ${account ?? id}`;
  if (kind === 'runtime') return `Runtime ${id}`;
  return TITLES[layer] ?? layer;
}

export function layerPath(layer: string): string {
  return `/admin/policies/${encodeURIComponent(layer)}`;
}

/** Whom to ask `effective-policy` about to learn what lies under a layer. */
export function subjectOf(layer: string): Query {
  const [kind, id] = layer.split(':', 2);
  if (kind === 'account') return { account: id };
  if (kind === 'role') return id === 'anonymous' ? {} : { role: id };
  return { role: 'user' };
}

/** What holds where a layer says nothing: what the layers under it say last. That of a runtime lies
    over everybody's, so only what is the same for all of them is told. */
export function inherited(said: SaidAnswer[], layer: string): SaidAnswer | undefined {
  const rank = Math.min(rankOf(layer), layer.startsWith('runtime:') ? ORDER.indexOf('role') : 9);
  return said.filter((each) => rankOf(each.layer) < rank).at(-1);
}

/** Names of values that a layer may say. */
export function namesOf(layer: string, ofAccount: ReadonlySet<string>): string[] {
  return NAMES.filter((name) => !layer.startsWith('runtime:') || !ofAccount.has(name));
}

export function flatten(values: Values): Values {
  const { [GROUP]: nested, ...plain } = values;
  const limits = Object.entries((nested ?? {}) as Values);
  return {
    ...Object.fromEntries(limits.map(([name, value]) => [`${GROUP}.${name}`, value])),
    ...plain,
  };
}

export function toDraft(name: string, value: unknown): Draft {
  if (value === null) return { text: '', unit: firstUnit(name), unbounded: true };
  if (typeof value === 'number') return { ...toAmount(kindOf(name), value), unbounded: false };
  return {
    text: value === undefined ? '' : String(value),
    unit: firstUnit(name),
    unbounded: false,
  };
}

/** The body of a request, or what is wrong with which value. */
export function toValues(drafts: Record<string, Draft>): {
  values: Values;
  errors: Record<string, string>;
} {
  const values: Values = {};
  const limits: Values = {};
  const errors: Record<string, string> = {};
  for (const [name, draft] of Object.entries(drafts)) {
    const target = name.startsWith(`${GROUP}.`) ? limits : values;
    const key = name.replace(`${GROUP}.`, '');
    if (draft.unbounded && UNBOUNDED.has(name)) target[key] = null;
    else if (draft.text.trim() === '') continue;
    else if (kindOf(name) === 'choice') target[key] = draft.text;
    else {
      try {
        target[key] = fromAmount(kindOf(name), draft);
      } catch (error) {
        errors[name] = (error as Error).message;
      }
    }
  }
  if (Object.keys(limits).length) values[GROUP] = limits;
  return { values, errors };
}

/** What the API found wrong, by the names of values; '' is for what belongs to none. */
export function errorsOf(problem: Problem): Record<string, string> {
  const { field, limit } = problem.members;
  const named = problem.fields.map((each) => [each.field, each.message] as const);
  const place = typeof limit === 'string' ? limit : typeof field === 'string' ? field : undefined;
  if (!named.length) named.push([place ?? '', problem.message]);
  return Object.fromEntries(
    named.map(([name, message]) => [
      NAMES.find(
        (each) => each === name || each === `${GROUP}.${name}` || name.startsWith(`${each}.`),
      ) ?? '',
      message,
    ]),
  );
}

/** Whom a layer concerns and what each layer says, as a sentence: "server start 60 s, users 20 s". */
export function describeSaid(name: string, said: SaidAnswer[], account?: string): string {
  return said
    .map((each) => `${titleOf(each.layer, account)}: ${formatValue(name, each.value)}`)
    .join(' → ');
}

function rankOf(layer: string): number {
  return ORDER.indexOf(layer.split(':', 1)[0]!);
}

function firstUnit(name: string): string {
  const kind = kindOf(name);
  return kind === 'bytes' ? 'MiB' : kind === 'seconds' ? 's' : '';
}
