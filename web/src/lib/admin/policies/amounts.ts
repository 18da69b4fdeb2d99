/** Numbers of a policy as people write them: an amount and its unit, without a rounding. */
export type Kind = 'bytes' | 'seconds' | 'count' | 'choice';

export interface Amount {
  text: string;
  unit: string;
}

interface Unit {
  name: string;
  factor: number;
}

const UNITS: Record<Kind, Unit[]> = {
  bytes: [
    { name: 'bytes', factor: 1 },
    { name: 'KiB', factor: 1024 },
    { name: 'MiB', factor: 1024 ** 2 },
    { name: 'GiB', factor: 1024 ** 3 },
  ],
  seconds: [
    { name: 's', factor: 1 },
    { name: 'min', factor: 60 },
    { name: 'h', factor: 3600 },
  ],
  count: [{ name: '', factor: 1 }],
  choice: [{ name: '', factor: 1 }],
};
const NUMBER = /^\d+(\.\d+)?$/;
// Seconds are kept to the microsecond; more is the computer's own imprecision.
const PRECISION = 1e6;

export function unitsOf(kind: Kind): string[] {
  return UNITS[kind].map((unit) => unit.name);
}

export function kindOf(name: string): Kind {
  if (name === 'project_runs') return 'choice';
  if (name.includes('seconds')) return 'seconds';
  return name.includes('bytes') ? 'bytes' : 'count';
}

/** The greatest unit in which a number is whole; 1610612736 → 1536 MiB. */
export function toAmount(kind: Kind, value: number): Amount {
  const fitting = UNITS[kind].filter((unit) => value !== 0 && value % unit.factor === 0);
  const unit = fitting.at(-1) ?? UNITS[kind][0]!;
  return { text: String(value / unit.factor), unit: unit.name };
}

/** The exact number that is meant; throws an error that says what is wrong. */
export function fromAmount(kind: Kind, { text, unit }: Amount): number {
  const given = text.trim();
  if (!NUMBER.test(given)) throw new Error(`“${given}” is not a number such as 12 or 1.5.`);
  const factor = UNITS[kind].find((each) => each.name === unit)?.factor ?? 1;
  const value = Number(given) * factor;
  if (value > Number.MAX_SAFE_INTEGER) throw new Error(`${given} ${unit} is too large.`);
  if (kind === 'seconds') return Math.round(value * PRECISION) / PRECISION;
  if (Number.isInteger(value)) return value;
  throw new Error(
    kind === 'bytes'
      ? `${given} ${unit} is ${value} bytes; give a whole number of bytes.`
      : `${given} is not a whole number.`,
  );
}

/** A value as it is read: with its unit, or as the word it is. */
export function formatValue(name: string, value: unknown): string {
  if (value === null) return 'no bound';
  if (typeof value !== 'number') return String(value);
  const { text, unit } = toAmount(kindOf(name), value);
  return unit ? `${text} ${unit}` : Number(text).toLocaleString('en');
}
