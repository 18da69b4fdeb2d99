/** What a platform's states and limits are called, and what changing one does. */
import type { Problem } from '#lib/api/problem.ts';
import type { CapabilitiesAnswer, PlatformAnswer, PlatformState } from '#lib/api/types.ts';

export const STATES: Record<PlatformState, { tone: 'ok' | 'timeout' | 'queued'; label: string }> = {
  enabled: { tone: 'ok', label: 'Enabled' },
  draining: { tone: 'timeout', label: 'Draining' },
  disabled: { tone: 'queued', label: 'Disabled' },
};

export const LIMITS: Record<string, string> = {
  wall_seconds: 'Wall time',
  cpu_seconds: 'CPU time',
  memory_bytes: 'Memory',
  processes: 'Processes',
  output_bytes: 'Output',
  disk_bytes: 'Disk',
};

export const NAME_PATTERN = '[a-z0-9][a-z0-9\\-]{0,39}';

/** What becomes of programs, with numbers. */
export function describeChange(platform: PlatformAnswer, state: PlatformState): string {
  const { name, running, in_use } = platform;
  if (!in_use) {
    return `No program of this server runs on ${name}, so nothing changes for anybody now.`;
  }
  const programs = running === 1 ? '1 program that runs' : `${running} programs that run`;
  if (state === 'enabled') return `What waits in the queue begins to run on ${name} at once.`;
  const rest =
    'Nothing new begins: what people submit is accepted and waits until it is enabled again.';
  const sandboxes = state === 'disabled' ? ' No sandbox stands ready meanwhile.' : '';
  return `The ${programs} on ${name} may finish. ${rest}${sandboxes}`;
}

export function describeDeletion({ name }: PlatformAnswer): string {
  return `${name} and its options are gone; what ran on it stays in the records.`;
}

export function whyUndeletable(platform: PlatformAnswer): string | null {
  if (platform.default) return 'It is the default: make another one the default first.';
  if (platform.in_use) return 'This server runs on it: start it on another one first.';
  return null;
}

/** The walls of a sandbox, as sentences. */
export function describeWalls(capabilities: CapabilitiesAnswer): { text: string; ok: boolean }[] {
  return [
    {
      ok: capabilities.network_cut,
      text: capabilities.network_cut ? 'No network' : 'Programs reach the network',
    },
    {
      ok: capabilities.root_read_only,
      text: capabilities.root_read_only
        ? 'System files are read-only'
        : 'System files can be written',
    },
    {
      ok: capabilities.terminal,
      text: capabilities.terminal ? 'Interactive terminals' : 'No interactive terminals',
    },
  ];
}

/** Whether somebody else changed it since it was loaded. */
export function isConflict(problem: Problem | null): boolean {
  return problem?.status === 412;
}
