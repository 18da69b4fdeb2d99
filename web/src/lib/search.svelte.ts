/** Filters, sorting and pages of lists live in the address, so that a link shows the same list. */
import { goto } from '$app/navigation';
import { page } from '$app/state';

export function readParameter(name: string): string {
  return page.url.searchParams.get(name) ?? '';
}

/** Change parameters of the address; an empty one is taken out. Typing leaves no history behind. */
export async function writeParameters(
  changes: Record<string, string | null | undefined>,
  { replace = true }: { replace?: boolean } = {},
): Promise<void> {
  const url = new URL(page.url.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  await goto(url, { replace, reset: false });
}
