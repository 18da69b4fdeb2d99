/** Accounts of tests, made over the API where the page is not what is tested. */
import type { Page } from '@playwright/test';

export interface Person {
  name: string;
  email: string;
  password: string;
}

export const administrator: Person = {
  name: 'ada',
  email: 'ada@example.org',
  password: 'correct horse battery staple',
};

let count = 0;

export function inventPerson(): Person {
  const name = `person-${process.pid}-${++count}-${Math.random().toString(36).slice(2, 8)}`;
  return { name, email: `${name}@example.org`, password: 'a password of some length' };
}

export function serverUrl(): string {
  return process.env.RUNYARD_E2E_URL!;
}

/** Make an account and return who it is. */
export async function signUp(): Promise<Person> {
  const person = inventPerson();
  await call('POST', '/auth/sign-up', person);
  return person;
}

/** Log a page in without its form: the cookie is set in its browser context. */
export async function logIn(page: Page, person: Person): Promise<void> {
  const response = await page.request.post('/api/v1/auth/login', {
    data: { login: person.name, password: person.password },
  });
  if (!response.ok()) throw new Error(await response.text());
  await page.addInitScript(() => localStorage.setItem('runyard.session', '1'));
}

/** A token for calls to the API as somebody. */
export async function tokenOf(person: Person): Promise<string> {
  const answer = await call('POST', '/auth/login', {
    login: person.name,
    password: person.password,
  });
  return answer.access_token as string;
}

export async function call(
  method: string,
  path: string,
  body?: unknown,
  token?: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${serverUrl()}/api/v1${path}`, {
    method,
    headers: {
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : {};
}
