/** Numbers and moments as people read them. */
const KIB = 1024;
const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'];

/** 1536 → "1.5 KiB" */
export function formatBytes(bytes: number): string {
  if (bytes < KIB) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  let value = bytes;
  let unit = -1;
  while (value >= KIB && unit < UNITS.length - 1) {
    value /= KIB;
    unit++;
  }
  return `${trim(value)} ${UNITS[unit]}`;
}

/** 0.0123 → "12 ms", 2.5 → "2.5 s", 90 → "1 min 30 s" */
export function formatSeconds(seconds: number): string {
  if (seconds < 0.001) return '< 1 ms';
  if (seconds < 0.9995) return `${trim(seconds * 1000)} ms`;
  if (seconds < 60) return `${trim(seconds)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 3600) return parts([rounded / 60, 'min'], [rounded % 60, 's']);
  if (rounded < 86_400) return parts([rounded / 3600, 'h'], [(rounded % 3600) / 60, 'min']);
  return parts([rounded / 86_400, 'd'], [(rounded % 86_400) / 3600, 'h']);
}

/** What bounds a run: "10 s · 256 MiB · no network" */
export function formatLimits(limits: { wall_seconds: number; memory_bytes: number }): string {
  return `${formatSeconds(limits.wall_seconds)} · ${formatBytes(limits.memory_bytes)} · no network`;
}

export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

export function formatMoment(at: string): string {
  return new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

/** "just now", "5 min ago", "in 3 days", and a date beyond a month. */
export function formatRelative(at: string, nowMs = Date.now()): string {
  const seconds = (new Date(at).getTime() - nowMs) / 1000;
  const distance = Math.abs(seconds);
  if (distance < 45) return 'just now';
  if (distance > 30 * 86_400)
    return new Date(at).toLocaleDateString('en-GB', { dateStyle: 'medium' });
  const [amount, unit] =
    distance < 3600
      ? [seconds / 60, 'minute' as const]
      : distance < 86_400
        ? [seconds / 3600, 'hour' as const]
        : [seconds / 86_400, 'day' as const];
  return new Intl.RelativeTimeFormat('en', { style: 'short' }).format(Math.round(amount), unit);
}

function trim(value: number): string {
  return value >= 100
    ? Math.round(value).toString()
    : Number(value.toPrecision(2 + (value >= 10 ? 1 : 0))).toString();
}

function parts(...values: [number, string][]): string {
  return values
    .map(([amount, unit]) => [Math.floor(amount), unit] as const)
    .filter(([amount], index) => amount > 0 || index === 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}
