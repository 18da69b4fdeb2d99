/** What the parts of a server are, in words, and how what was measured of them is read. */
import { formatBytes, formatMoment, formatSeconds } from '#lib/format.ts';

export const PARTS: Record<string, { title: string; about: string }> = {
  store: { title: 'Database', about: 'Where accounts, projects and runs are kept.' },
  queue: { title: 'Queue', about: 'Runs that wait for a place.' },
  worker: { title: 'Worker', about: 'What takes runs from the queue and runs them.' },
  platform: { title: 'Platform', about: 'Where programs are confined.' },
  disk: { title: 'Disk', about: 'The data directory.' },
  toolchains: { title: 'Toolchains', about: 'Compilers and interpreters, each with a self-test.' },
  clock: { title: 'Clock', about: 'Compared with that of the database and of other servers.' },
  server: { title: 'Server', about: 'What answers you now.' },
};

/** A measured value by its name: "oldest_seconds" → "Oldest", "1 min 5 s". */
export function readMeasure(name: string, value: unknown): [string, string] {
  const [, stem, unit] = name.match(/^(.*?)_?(seconds|bytes|us)?$/) ?? [];
  const label = (stem || name).replaceAll('_', ' ');
  const title = label.charAt(0).toUpperCase() + label.slice(1);
  if (typeof value !== 'number') return [title, String(value)];
  if (unit === 'bytes') return [title, formatBytes(value)];
  if (unit === 'seconds')
    return [title, value < 0 ? `−${formatSeconds(-value)}` : formatSeconds(value)];
  if (unit === 'us') return [title, formatMoment(new Date(value / 1000).toISOString())];
  return [title, value.toLocaleString('en')];
}
