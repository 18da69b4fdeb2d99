import { describe, expect, it } from 'vitest';
import { describeRange, readOptions, toEntries, toValues } from '#lib/admin/platforms/schema.ts';

const OPTIONS = readOptions({
  type: 'object',
  required: ['address'],
  properties: {
    address: { type: 'string', description: 'Where it is.' },
    slot_count_max: {
      anyOf: [{ type: 'integer', minimum: 4, maximum: 256 }, { type: 'null' }],
      default: null,
    },
    startup_seconds: { type: 'number', minimum: 1, default: 10.0 },
    mode: { type: 'string', enum: ['fast', 'safe'], default: 'safe' },
    verbose: { type: 'boolean', default: true },
    labels: { type: 'object', default: {} },
  },
});

describe('a form of the options of an engine', () => {
  it('has a field for each, of its kind', () => {
    expect(OPTIONS.map((each) => [each.label, each.kind])).toEqual([
      ['Address', 'text'],
      ['Slot count max', 'integer'],
      ['Startup seconds', 'number'],
      ['Mode', 'choice'],
      ['Verbose', 'switch'],
      ['Labels', 'json'],
    ]);
    expect(OPTIONS[0].isRequired).toBe(true);
    expect(OPTIONS[1]).toMatchObject({ isNullable: true, min: 4, max: 256 });
  });

  it('begins with what is usual, or with what a platform has', () => {
    expect(toEntries(OPTIONS)).toEqual({
      address: '',
      slot_count_max: '',
      startup_seconds: '10',
      mode: 'safe',
      verbose: true,
      labels: '{}',
    });
    expect(toEntries(OPTIONS, { slot_count_max: 8, verbose: false })).toMatchObject({
      slot_count_max: '8',
      verbose: false,
    });
  });

  it('sends numbers, nothing for what is empty, and what is wrong as it was typed', () => {
    const entries = {
      address: ' unix:/run/x ',
      slot_count_max: '',
      startup_seconds: '2.5',
      mode: 'fast',
      verbose: false,
      labels: '{"zone": 1',
    };
    expect(toValues(OPTIONS, entries)).toEqual({
      address: 'unix:/run/x',
      slot_count_max: null,
      startup_seconds: 2.5,
      mode: 'fast',
      verbose: false,
      labels: '{"zone": 1',
    });
    expect(toValues(OPTIONS, { ...entries, startup_seconds: 'ten', address: '' })).toMatchObject({
      startup_seconds: 'ten',
    });
  });

  it('says what is allowed', () => {
    expect(describeRange(OPTIONS[1])).toBe('4 to 256.');
    expect(describeRange(OPTIONS[2])).toBe('At least 1.');
    expect(describeRange(OPTIONS[0])).toBe('');
  });
});
