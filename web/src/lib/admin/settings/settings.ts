/** Settings as a form needs them, from the JSON schema that the API tells of each. */
import type { SettingAnswer } from '#lib/api/types.ts';

export type Control = 'switch' | 'choice' | 'many' | 'number' | 'text';

interface Schema {
  type?: string;
  enum?: string[];
  items?: Schema;
  $ref?: string;
  $defs?: Record<string, Schema>;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
}

export interface Form {
  control: Control;
  choices: string[];
  /** Of the number, as the schema has it. */
  bounds: string;
}

export function formOf(setting: SettingAnswer): Form {
  const root = (setting.value_schema ?? {}) as Schema;
  const schema = follow(root, root);
  const items = schema.items ? follow(schema.items, root) : undefined;
  if (schema.enum) return { control: 'choice', choices: schema.enum, bounds: '' };
  if (schema.type === 'boolean') return { control: 'switch', choices: [], bounds: '' };
  if (schema.type === 'array') return { control: 'many', choices: items?.enum ?? [], bounds: '' };
  const isNumber = schema.type === 'integer' || schema.type === 'number';
  return { control: isNumber ? 'number' : 'text', choices: [], bounds: boundsOf(schema) };
}

/** What is counted, told by the end of its name. */
export function unitOf(name: string): string {
  if (name.endsWith('_per_minute')) return 'per minute';
  return name.match(/_(days|seconds|bytes)(_|$)/)?.[1] ?? '';
}

/** A value as it is read. */
export function showSetting(value: unknown): string {
  if (value === null || value === '') return 'none';
  if (Array.isArray(value)) return value.length ? value.map(showSetting).join(', ') : 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return value.toLocaleString('en', { maximumFractionDigits: 6 });
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function follow(schema: Schema, root: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return (name && root.$defs?.[name]) || schema;
}

function boundsOf({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const low =
    minimum !== undefined
      ? `at least ${minimum.toLocaleString('en')}`
      : exclusiveMinimum !== undefined && `more than ${exclusiveMinimum.toLocaleString('en')}`;
  const high = maximum !== undefined && `at most ${maximum.toLocaleString('en')}`;
  return [low, high].filter(Boolean).join(', ');
}
