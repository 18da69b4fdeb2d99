/** Variables that a project's programs are given and that nobody reads again. */
import { api } from '#lib/api/client.ts';
import type { SecretsAnswer } from '#lib/api/types.ts';

export function secretPath(project: string, name: string): string {
  return `/projects/${project}/secrets/${encodeURIComponent(name)}`;
}

export function secretsQuery(project: string) {
  return {
    queryKey: ['secrets', project],
    queryFn: async () => (await api.get<SecretsAnswer>(`/projects/${project}/secrets`)).items,
    // Other tabs and the command line change them too.
    staleTime: 0,
  };
}
