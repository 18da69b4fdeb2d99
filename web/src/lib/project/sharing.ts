/** Addresses that show a project to others. */
import type { ProjectAnswer } from '#lib/api/types.ts';

/** What stands for a project in the addresses of those who may read it; null where nobody may. */
export function keyOf(project: ProjectAnswer): string | null {
  if (project.visibility === 'public') return project.id;
  return project.visibility === 'unlisted' ? project.link : null;
}

export function sharedAddress(origin: string, key: string): string {
  return `${origin}/shared/${encodeURIComponent(key)}`;
}

export type EmbedTheme = 'auto' | 'light' | 'dark';

export function embedAddress(
  origin: string,
  key: string,
  { theme = 'auto', file }: { theme?: EmbedTheme; file?: string } = {},
): string {
  const query = new URLSearchParams({ theme, ...(file && { file }) });
  return `${origin}/embed/${encodeURIComponent(key)}?${query}`;
}

/** What shows a project within a page of another site. */
export function embedCode(
  origin: string,
  key: string,
  title: string,
  options: { theme?: EmbedTheme; file?: string } = {},
): string {
  const address = escapeAttribute(embedAddress(origin, key, options));
  return `<iframe src="${address}" title="${escapeAttribute(title)}" width="100%" height="480" loading="lazy" style="border: 0"></iframe>`;
}

/** Words to find a project by, from what was typed between commas or spaces. */
export function readTags(typed: string): string[] {
  return [
    ...new Set(
      typed
        .toLowerCase()
        .split(/[\s,]+/)
        .filter(Boolean),
    ),
  ];
}

function escapeAttribute(text: string): string {
  return text.replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
