/** What a program with a token may do, in words. */
import type { Scope } from '#lib/api/types.ts';

export const SCOPES: readonly { scope: Scope; title: string; about: string }[] = [
  {
    scope: 'executions:read',
    title: 'See your runs',
    about: 'their output, events and artifacts',
  },
  {
    scope: 'executions:write',
    title: 'Run code',
    about: 'start programs, feed them and stop them, within your limits',
  },
  {
    scope: 'projects:read',
    title: 'See your projects',
    about: 'their files and revisions, also private ones; never the values of secrets',
  },
  {
    scope: 'projects:write',
    title: 'Change your projects',
    about: 'make, edit, share and delete them',
  },
  { scope: 'account:read', title: 'See your account', about: 'name, address and role' },
  {
    scope: 'admin',
    title: 'Administer the server',
    about: 'everything an administrator may do, for everybody’s data',
  },
];

export function describeScope(scope: Scope): string {
  return SCOPES.find((each) => each.scope === scope)?.title ?? scope;
}
