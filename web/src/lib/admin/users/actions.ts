/** What can be done with an account, and what comes of it, with numbers where they are known. */
import type { AccountAnswer, AccountUsageAnswer } from '#lib/api/types.ts';
import { formatBytes, formatCount } from '#lib/format.ts';

export interface UserAction {
  label: string;
  title: string;
  consequence: string;
  typed?: string;
  danger?: boolean;
  disabled?: boolean;
  /** Of the account's own path. */
  request:
    | { method: 'PATCH'; body: { role?: string; suspended?: boolean } }
    | { method: 'POST' | 'DELETE'; suffix: string };
}

export function actionsOf(
  account: AccountAnswer,
  usage: AccountUsageAnswer | undefined,
  isSelf: boolean,
): UserAction[] {
  const { name } = account;
  const sessions = usage ? formatCount(usage.sessions, 'session') : 'All sessions';
  const tokens = usage ? formatCount(usage.tokens, 'token') : 'all tokens';
  return [
    roleOf(account, isSelf),
    account.suspended
      ? {
          label: 'Reactivate',
          title: `Reactivate ${name}?`,
          consequence: `${name} can log in again, and ${tokens} of programs work again.`,
          request: { method: 'PATCH', body: { suspended: false } },
        }
      : {
          label: 'Suspend',
          title: `Suspend ${name}?`,
          consequence: `${sessions} end at once and ${tokens} of programs are refused until the account is reactivated. Nothing is deleted. ${unfinished(usage)}`,
          danger: true,
          request: { method: 'PATCH', body: { suspended: true } },
        },
    {
      label: 'End sessions',
      title: `Log ${name} out everywhere?`,
      consequence: `${sessions} end at once${isSelf ? ', this one too' : ''}. Tokens of programs go on working.`,
      disabled: usage?.sessions === 0,
      request: { method: 'DELETE', suffix: '/sessions' },
    },
    ...(account.totp
      ? [
          {
            label: 'Remove second factor',
            title: `Remove the second factor of ${name}?`,
            consequence:
              'The password alone is enough from then on, and the recovery codes are void. Make sure that it is really the owner who asks for this.',
            danger: true,
            request: { method: 'POST' as const, suffix: '/totp/remove' },
          },
        ]
      : []),
    {
      label: 'Delete',
      title: `Delete ${name}?`,
      consequence: `${owned(usage)} are deleted with the account. There is no way back; the audit log keeps who it was.`,
      typed: name,
      danger: true,
      request: { method: 'DELETE', suffix: '' },
    },
  ];
}

function roleOf({ name, role }: AccountAnswer, isSelf: boolean): UserAction {
  if (role === 'admin') {
    return {
      label: 'Make a user',
      title: `Take administration from ${name}?`,
      consequence: `${isSelf ? 'You' : name} can no longer see or change anything under Administration. What is owned stays.`,
      request: { method: 'PATCH', body: { role: 'user' } },
    };
  }
  return {
    label: 'Make an administrator',
    title: `Make ${name} an administrator?`,
    consequence: `${name} can then see everybody's runs, change every limit, and suspend or delete accounts, yours too.`,
    request: { method: 'PATCH', body: { role: 'admin' } },
  };
}

function unfinished(usage: AccountUsageAnswer | undefined): string {
  if (!usage?.unfinished) return '';
  return `${formatCount(usage.unfinished, 'run')} that waits or runs goes on; stop it under Runs.`;
}

function owned(usage: AccountUsageAnswer | undefined): string {
  if (!usage) return 'All projects, runs, sessions and tokens';
  const projects = formatCount(usage.projects, 'project');
  const runs = formatCount(usage.executions, 'run');
  const tokens = formatCount(usage.tokens, 'token');
  return `${projects} (${formatBytes(usage.project_bytes)}), ${runs} and ${tokens}`;
}
