import { describe, expect, it, test } from 'vitest';
import { formOf, showSetting, unitOf } from '#lib/admin/settings/settings.ts';
import type { SettingAnswer } from '#lib/api/types.ts';

const setting = (value_schema: unknown) => ({ value_schema }) as SettingAnswer;

describe('the form of a setting', () => {
  it('offers the words there are', () => {
    const form = formOf(setting({ enum: ['open', 'closed'], type: 'string' }));
    expect(form).toMatchObject({ control: 'choice', choices: ['open', 'closed'] });
  });

  it('offers several of the words there are, wherever they are defined', () => {
    const schema = {
      $defs: { Role: { enum: ['user', 'admin'], type: 'string' } },
      items: { $ref: '#/$defs/Role' },
      type: 'array',
    };
    expect(formOf(setting(schema))).toMatchObject({ control: 'many', choices: ['user', 'admin'] });
  });

  it('says the bounds of a number', () => {
    const schema = { exclusiveMinimum: 0, maximum: 36_500, type: 'number' };
    expect(formOf(setting(schema))).toMatchObject({
      control: 'number',
      bounds: 'more than 0, at most 36,500',
    });
  });

  it('switches what is true or false', () => {
    expect(formOf(setting({ type: 'boolean' })).control).toBe('switch');
  });
});

test.each([
  ['retention_days', 'days'],
  ['lease_seconds', 'seconds'],
  ['build_cache_bytes_per_owner_max', 'bytes'],
  ['anonymous_runs_per_minute', 'per minute'],
  ['attempts_max', ''],
])('%s is counted in %j', (name, unit) => {
  expect(unitOf(name)).toBe(unit);
});

test.each([
  [null, 'none'],
  [[], 'none'],
  [['user', 'admin'], 'user, admin'],
  [true, 'yes'],
  [1_000_000, '1,000,000'],
])('%j is read as %s', (value, shown) => {
  expect(showSetting(value)).toBe(shown);
});
