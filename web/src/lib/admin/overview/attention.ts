/** What an administrator should look at, and what is still to set up, from what the API tells. */
import type {
  AccountAnswer,
  AdminHealthAnswer,
  PlatformAnswer,
  SettingAnswer,
} from '#lib/api/types.ts';

export interface Matter {
  kind: 'error' | 'warning';
  text: string;
  href: string;
  action: string;
}

export interface Step {
  title: string;
  about: string;
  done: boolean;
  href: string;
}

const PAGES: Record<string, { href: string; action: string }> = {
  queue: { href: '/admin/runs?state=queued', action: 'Show what waits' },
  worker: { href: '/admin/runs', action: 'Show runs' },
  platform: { href: '/admin/platforms', action: 'Show platforms' },
  toolchains: { href: '/admin/runtimes?state=failing', action: 'Show runtimes that fail' },
};
const SELF_CHECK = { href: '/admin/health', action: 'Open the self-check' };

export function findMatters(health: AdminHealthAnswer, platforms: PlatformAnswer[]): Matter[] {
  const ofHealth = health.parts
    .filter((part) => part.status !== 'ok')
    .map((part) => ({
      kind: part.status === 'failing' ? ('error' as const) : ('warning' as const),
      text: `${nameOf(part.name)}: ${part.message}`,
      ...(Object.hasOwn(PAGES, part.name) ? PAGES[part.name] : SELF_CHECK),
    }));
  return [...ofHealth, ...platforms.flatMap(findMattersOfPlatform)].sort(
    (one, other) => Number(one.kind === 'warning') - Number(other.kind === 'warning'),
  );
}

export function nameOf(part: string): string {
  return part.charAt(0).toUpperCase() + part.slice(1);
}

/** Whether there is a platform that runs what people submit. */
export function isRunning(platforms: PlatformAnswer[]): boolean {
  return platforms.some((each) => each.in_use && each.state === 'enabled');
}

export function listSteps(known: {
  account: AccountAnswer | null;
  health: AdminHealthAnswer;
  platforms: PlatformAnswer[];
  settings: SettingAnswer[];
  hasRun: boolean;
}): Step[] {
  const isSet = (name: string) =>
    known.settings.some((each) => each.name === name && each.source !== 'default');
  const used = known.platforms.find((each) => each.in_use);
  const limits = Object.values(used?.capabilities?.limits ?? {});
  const toolchains = known.health.parts.find((part) => part.name === 'toolchains');
  const available = Number(toolchains?.values.available ?? 0);
  return [
    {
      title: 'A platform runs programs',
      about: 'Test it, and enable it.',
      done: isRunning(known.platforms) && used?.capabilities?.usable === true,
      href: '/admin/platforms',
    },
    {
      title: 'Every limit is enforced',
      about: 'The platform names what is missing and what to do.',
      done: limits.length > 0 && limits.every((each) => each.enforced),
      href: '/admin/platforms',
    },
    {
      title: 'Languages work',
      about: 'Install toolchains; the self-test of each runtime tells.',
      done: available > 0,
      href: '/admin/runtimes',
    },
    {
      title: 'A first program ran',
      about: 'Run an example of any language.',
      done: known.hasRun,
      href: '/new',
    },
    {
      title: 'Your account has a second factor',
      about: 'Whoever has your password could otherwise change all of this.',
      done: known.account?.totp === true,
      href: '/account/second-factor',
    },
    {
      title: 'It is decided who may make an account',
      about: 'Nobody may until you say so, other than who has an invitation.',
      done: isSet('sign_up'),
      href: '/admin/settings',
    },
    {
      title: 'The server can send mail',
      about: 'Without it, people who forgot their password have to ask you.',
      done: isSet('smtp_host'),
      href: '/admin/settings',
    },
  ];
}

function findMattersOfPlatform(platform: PlatformAnswer): Matter[] {
  const { name, capabilities } = platform;
  const page = { href: `/admin/platforms/${name}`, action: `Show ${name}` };
  const matters: Matter[] = [];
  if (platform.in_use && platform.state !== 'enabled') {
    const text = `Platform ${name} is ${platform.state}: what is submitted waits until it is enabled.`;
    matters.push({ kind: 'error', text, ...page });
  }
  if (platform.needs_restart) {
    const text = `Platform ${name} was changed: that holds once the server starts again.`;
    matters.push({ kind: 'warning', text, ...page });
  }
  if (platform.in_use && capabilities) {
    const weak = Object.entries(capabilities.limits).filter(([, each]) => !each.enforced);
    if (weak.length > 0) {
      const names = weak.map(([limit]) => limit).join(', ');
      const text = `Platform ${name} does not enforce ${names}.`;
      matters.push({ kind: 'warning', text, ...page });
    }
  }
  return matters;
}
