export const ROLES = [
  { value: 'user', label: 'User' },
  { value: 'admin', label: 'Administrator' },
];

export function nameRole(role: string): string {
  return ROLES.find((each) => each.value === role)?.label ?? role;
}
