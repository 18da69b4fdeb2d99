import { describe, expect, it } from 'vitest';
import { findMatters, isRunning, listSteps } from '#lib/admin/overview/attention.ts';
import type { AdminHealthAnswer, PlatformAnswer, SettingAnswer } from '#lib/api/types.ts';

const enforced = { enforced: true, by: 'cgroup v2', advice: null };

const PLATFORM: PlatformAnswer = {
  name: 'local',
  engine: 'linux',
  options: {},
  description: '',
  state: 'enabled',
  default: true,
  in_use: true,
  needs_restart: false,
  version: 1,
  updated_at: '2026-11-21T12:00:00Z',
  capabilities: {
    usable: true,
    reason: null,
    isolation: 'namespaces',
    network_cut: true,
    root_read_only: true,
    terminal: true,
    images: false,
    limits: { memory_bytes: enforced },
    findings: [],
  },
  running: 0,
  ready: 4,
};

function health(...parts: [string, 'ok' | 'warning' | 'failing', string][]): AdminHealthAnswer {
  return {
    status: 'ok',
    parts: parts.map(([name, status, message]) => ({ name, status, message, values: {} })),
  };
}

describe('what needs attention', () => {
  it('is nothing where all is well', () => {
    expect(findMatters(health(['store', 'ok', 'It answers.']), [PLATFORM])).toEqual([]);
  });

  it('has what fails before what warns, and where to look', () => {
    const found = findMatters(
      health(['toolchains', 'warning', 'One fails.'], ['disk', 'failing', 'It is full.']),
      [PLATFORM],
    );
    expect(found.map((each) => [each.kind, each.text, each.href])).toEqual([
      ['error', 'Disk: It is full.', '/admin/health'],
      ['warning', 'Toolchains: One fails.', '/admin/runtimes?state=failing'],
    ]);
  });

  it('names a platform that holds up what is submitted', () => {
    const [matter] = findMatters(health(), [{ ...PLATFORM, state: 'draining' }]);
    expect(matter.kind).toBe('error');
    expect(matter.text).toContain('local is draining');
  });

  it('names limits that are not enforced, of the platform in use only', () => {
    const limits = { memory_bytes: { enforced: false, by: 'rlimit', advice: 'Use a cgroup.' } };
    const weak = { ...PLATFORM, capabilities: { ...PLATFORM.capabilities!, limits } };
    expect(findMatters(health(), [weak])[0].text).toContain('memory_bytes');
    expect(findMatters(health(), [{ ...weak, in_use: false }])).toEqual([]);
  });
});

describe('what is to set up', () => {
  const sign_up = { name: 'sign_up', source: 'database' } as SettingAnswer;
  const known = { account: null, health: health(), platforms: [PLATFORM], settings: [sign_up] };
  const titles = (hasRun: boolean) =>
    listSteps({ ...known, hasRun })
      .filter((step) => step.done)
      .map((step) => step.title);

  it('is done as far as the server says so', () => {
    expect(titles(false)).toEqual([
      'A platform runs programs',
      'Every limit is enforced',
      'It is decided who may make an account',
    ]);
    expect(titles(true)).toContain('A first program ran');
  });

  it('counts no platform that nothing runs on', () => {
    expect(isRunning([{ ...PLATFORM, in_use: false }])).toBe(false);
    expect(isRunning([])).toBe(false);
  });
});
