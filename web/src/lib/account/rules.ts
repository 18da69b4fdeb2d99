/**
 * What the server demands of a name and a password, to be shown before it is broken. The server
 * decides; see src/runyard/domain/account.py.
 */
export const NAME_CHARACTERS_MAX = 39;
export const PASSWORD_CHARACTERS_MIN = 10;
export const PASSWORD_CHARACTERS_MAX = 256;
const DIFFERENT_CHARACTERS_MIN = 4;

export const NAME_RULE = `Up to ${NAME_CHARACTERS_MAX} letters a–z, digits and single “-” between them. Others see it where you share something.`;

export interface Rule {
  text: string;
  isMet: boolean;
}

export function checkPassword(password: string, name = '', email = ''): Rule[] {
  // As the server counts them, characters outside of the basic plane are one.
  const characters = [...password];
  const lowered = password.toLowerCase();
  const known = [name, email, email.split('@')[0]].map((each) => each.trim().toLowerCase());
  return [
    {
      text: `${PASSWORD_CHARACTERS_MIN} to ${PASSWORD_CHARACTERS_MAX} characters (now ${characters.length})`,
      isMet:
        characters.length >= PASSWORD_CHARACTERS_MIN &&
        characters.length <= PASSWORD_CHARACTERS_MAX,
    },
    {
      text: `at least ${DIFFERENT_CHARACTERS_MIN} different ones`,
      isMet: new Set(lowered).size >= DIFFERENT_CHARACTERS_MIN,
    },
    {
      text: 'neither your name nor your address',
      isMet: password !== '' && !known.includes(lowered),
    },
  ];
}
