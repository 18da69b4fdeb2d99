/** What is said of projects in lists. */
import type { ProjectAnswer } from '#lib/api/types.ts';
import { formatBytes, formatCount } from '#lib/format.ts';

/** Whether each word of a search is in what one knows a project by. */
export function matches(project: ProjectAnswer, query: string): boolean {
  const text = [project.name, project.description, project.runtime, project.visibility]
    .concat(project.tags)
    .join('\n')
    .toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function describeLoss(project: ProjectAnswer): string {
  const files = `${formatCount(project.file_count, 'file')} (${formatBytes(project.size_bytes)})`;
  return `“${project.name}” is deleted with its ${files}, every saved state, its secret variables and kept data. There is no way back.`;
}

export function describeThrowingAway(project: ProjectAnswer): string {
  const stays = `“${project.name}” stays in the trash for 30 days; until then you can take it back.`;
  if (project.visibility === 'private') return stays;
  const stars = project.star_count ? ` and its ${formatCount(project.star_count, 'star')}` : '';
  return `${stays} Its shared page${stars} and its embeds are not there for anybody meanwhile.`;
}
