import { describe, expect, it, test } from 'vitest';
import { formatValue, fromAmount, kindOf, toAmount } from '#lib/admin/policies/amounts.ts';

const MIB = 1024 ** 2;

describe('an amount', () => {
  test.each([
    ['bytes', 256 * MIB, '256 MiB'],
    ['bytes', 1536 * MIB, '1536 MiB'],
    ['bytes', 2048 * MIB, '2 GiB'],
    ['bytes', 1_000_000, '1000000 bytes'],
    ['bytes', 0, '0 bytes'],
    ['seconds', 7200, '2 h'],
    ['seconds', 90, '90 s'],
    ['seconds', 0.05, '0.05 s'],
    ['count', 64, '64 '],
  ] as const)('of %s %d is %s and back', (kind, value, shown) => {
    const amount = toAmount(kind, value);
    expect(`${amount.text} ${amount.unit}`).toBe(shown);
    expect(fromAmount(kind, amount)).toBe(value);
  });

  it('may have a fraction where bytes stay whole', () => {
    expect(fromAmount('bytes', { text: '1.5', unit: 'MiB' })).toBe(1_572_864);
    expect(() => fromAmount('bytes', { text: '0.3', unit: 'KiB' })).toThrow('307.2 bytes');
  });

  it('does not carry the imprecision of binary fractions along', () => {
    expect(fromAmount('seconds', { text: '0.7', unit: 'min' })).toBe(42);
    expect(fromAmount('seconds', { text: '1.1', unit: 'h' })).toBe(3960);
  });

  test.each(['', '-1', 'ten', '1e9', '0x10', '1,5'])('refuses %j', (text) => {
    expect(() => fromAmount('count', { text, unit: '' })).toThrow('not a number');
  });

  it('refuses parts of what is counted and what no number can hold', () => {
    expect(() => fromAmount('count', { text: '1.5', unit: '' })).toThrow('whole number');
    expect(() => fromAmount('bytes', { text: '99999999', unit: 'GiB' })).toThrow('too large');
  });
});

test.each([
  ['limits_max.memory_bytes', 'bytes'],
  ['cpu_seconds_per_day_max', 'seconds'],
  ['active_count_max', 'count'],
  ['project_runs', 'choice'],
])('%s is counted in %s', (name, kind) => {
  expect(kindOf(name)).toBe(kind);
});

test('values are read with their units', () => {
  expect(formatValue('limits_max.wall_seconds', 60)).toBe('1 min');
  expect(formatValue('executions_per_minute_max', 12_000)).toBe('12,000');
  expect(formatValue('active_count_max', null)).toBe('no bound');
  expect(formatValue('project_runs', 'queue')).toBe('queue');
});
