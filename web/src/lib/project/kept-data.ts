/** What a project's programs find again in /data at their next run. */
import { api } from '#lib/api/client.ts';
import type { KeptFilesAnswer } from '#lib/api/types.ts';
import { formatBytes, formatCount } from '#lib/format.ts';

export function keptPath(project: string, path: string): string {
  return `/projects/${project}/data/${path.split('/').map(encodeURIComponent).join('/')}`;
}

export function keptFilesQuery(project: string) {
  return {
    queryKey: ['kept files', project],
    queryFn: () => api.get<KeptFilesAnswer>(`/projects/${project}/data`),
    // Every run may change them.
    staleTime: 0,
  };
}

export function measure({ items }: KeptFilesAnswer): number {
  return items.reduce((sum, file) => sum + file.size_bytes, 0);
}

/** As in `2 files, 3.1 KiB of 16 MiB`. */
export function describeSize(kept: KeptFilesAnswer): string {
  const size = `${formatBytes(measure(kept))} of ${formatBytes(kept.size_bytes_max)}`;
  return `${formatCount(kept.items.length, 'file')}, ${size}`;
}
