/** Loads a project and what this browser still has of it, and keeps it in step with the server. */
import { api } from '#lib/api/client.ts';
import type { ProjectAnswer, RevisionAnswer } from '#lib/api/types.ts';
import { Autosave, type Backend, type Stored } from '#lib/project/autosave.svelte.ts';
import { forget, pageName, recall, recallLatest } from '#lib/project/drafts.ts';
import { fromRevision } from '#lib/project/snapshot.ts';
import { Workspace } from '#lib/project/workspace.svelte.ts';
import { Bench } from '#lib/workbench/bench.svelte.ts';

export interface OpenProject {
  bench: Bench;
  close(): void;
}

function backendOf(id: string): Backend {
  const address = `/projects/${id}`;
  const newest = async () => (await api.get<ProjectAnswer>(address)).revision;
  return {
    newest,
    async load(number) {
      const revision = await api.get<RevisionAnswer>(
        `${address}/revisions/${number ?? (await newest())}`,
        { contents: true },
      );
      return { number: revision.number, snapshot: fromRevision(revision) } satisfies Stored;
    },
    async save(base, change) {
      const revision = await api.post<RevisionAnswer>(`${address}/revisions`, change, {
        ifMatch: base,
      });
      return revision.number;
    },
  };
}

export async function openProject(id: string): Promise<OpenProject> {
  const project = await api.get<ProjectAnswer>(`/projects/${id}`);
  const backend = backendOf(id);
  const stored = await backend.load(project.revision);
  const workspace = new Workspace(stored.snapshot);
  const prefix = `project:${id}:`;
  const key = prefix + pageName();
  const autosave = new Autosave(workspace, backend, stored, key);
  await resume(autosave, key, prefix);

  const bench = new Bench({ workspace, place: id });
  bench.project = project;
  bench.autosave = autosave;
  void bench.run.resume(id, { files: workspace.paths });
  const stopListening = listen(id, autosave);
  return {
    bench,
    close() {
      stopListening();
      autosave.close();
    },
  };
}

/** Take up what this page kept before it was reloaded, or what one that was closed left behind. */
async function resume(autosave: Autosave, key: string, prefix: string): Promise<void> {
  const own = await recall(key);
  if (own) {
    await autosave.resume(own);
    return;
  }
  const left = await recallLatest(prefix);
  if (!left) return;
  await autosave.resume(left[1]);
  await forget(left[0]);
}

function listen(id: string, autosave: Autosave): () => void {
  const channel =
    typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(`runyard.project.${id}`);
  const pull = () => void autosave.pull();
  const seen = () => void (document.hidden ? autosave.keep() : autosave.pull());
  const online = () => void (autosave.state === 'offline' && autosave.flush());
  const hide = () => void autosave.keep();
  if (channel) channel.onmessage = pull;
  autosave.onsaved = (revision) => channel?.postMessage(revision);
  document.addEventListener('visibilitychange', seen);
  window.addEventListener('focus', pull);
  window.addEventListener('online', online);
  window.addEventListener('pagehide', hide);
  return () => {
    channel?.close();
    document.removeEventListener('visibilitychange', seen);
    window.removeEventListener('focus', pull);
    window.removeEventListener('online', online);
    window.removeEventListener('pagehide', hide);
    autosave.onsaved = () => undefined;
  };
}
