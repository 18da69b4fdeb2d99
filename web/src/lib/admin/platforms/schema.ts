/** Forms for the options of an engine, from the JSON schema that it describes them with. */
export type OptionKind = 'integer' | 'number' | 'text' | 'choice' | 'switch' | 'json';

export interface Option {
  name: string;
  label: string;
  about: string;
  kind: OptionKind;
  isRequired: boolean;
  /** Whether there may be no value. */
  isNullable: boolean;
  initial: unknown;
  min?: number;
  max?: number;
  choices: string[];
}

type Schema = Record<string, unknown>;

/** What stands in the form: text for all but switches. */
export type Entries = Record<string, string | boolean>;

export function readOptions(schema: Schema): Option[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries((schema.properties ?? {}) as Record<string, Schema>).map(
    ([name, property]) => readOption(name, property, required.includes(name)),
  );
}

/** Fill the form with what a platform has, or else with what is usual. */
export function toEntries(options: Option[], values: Record<string, unknown> = {}): Entries {
  return Object.fromEntries(
    options.map((option) => {
      const value = Object.hasOwn(values, option.name) ? values[option.name] : option.initial;
      return [option.name, toEntry(option, value)];
    }),
  );
}

/** What the form says, as it is sent; what is no number or no JSON is sent as typed, for the server
 * to say what is wrong with it. What is left empty takes its usual value. */
export function toValues(options: Option[], entries: Entries): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const option of options) {
    const entry = entries[option.name];
    if (typeof entry === 'boolean') values[option.name] = entry;
    else if (entry.trim() !== '') values[option.name] = parse(option, entry.trim());
    else if (option.isNullable) values[option.name] = null;
  }
  return values;
}

/** "4 to 256", for people. */
export function describeRange({ min, max }: Option): string {
  if (min !== undefined && max !== undefined) return `${min} to ${max}.`;
  if (min !== undefined) return `At least ${min}.`;
  return max === undefined ? '' : `At most ${max}.`;
}

function readOption(name: string, property: Schema, isRequired: boolean): Option {
  const variants = Array.isArray(property.anyOf) ? (property.anyOf as Schema[]) : [property];
  const concrete = variants.filter((each) => each.type !== 'null');
  const schema = concrete.length === 1 ? concrete[0] : {};
  const choices = Array.isArray(schema.enum) ? schema.enum.map(String) : [];
  return {
    name,
    label: toLabel(name),
    about: typeof property.description === 'string' ? property.description : '',
    kind: choices.length > 0 ? 'choice' : toKind(schema.type),
    isRequired,
    isNullable: concrete.length < variants.length,
    initial: property.default,
    min: numberOf(schema.minimum ?? schema.exclusiveMinimum),
    max: numberOf(schema.maximum ?? schema.exclusiveMaximum),
    choices,
  };
}

function toKind(type: unknown): OptionKind {
  if (type === 'integer' || type === 'number') return type;
  if (type === 'boolean') return 'switch';
  return type === 'string' ? 'text' : 'json';
}

function toLabel(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function toEntry(option: Option, value: unknown): string | boolean {
  if (option.kind === 'switch') return value === true;
  if (value === null || value === undefined) return '';
  return typeof value === 'string' && option.kind !== 'json' ? value : JSON.stringify(value);
}

function parse(option: Option, entry: string): unknown {
  if (option.kind === 'text' || option.kind === 'choice') return entry;
  if (option.kind !== 'json') {
    const number = Number(entry);
    return Number.isNaN(number) ? entry : number;
  }
  try {
    return JSON.parse(entry);
  } catch {
    return entry;
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
