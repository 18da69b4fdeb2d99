/** A definition while it is edited; what is typed outlives a reload of the page. */
import { dropDraft, keepDraft, readDraft } from '#lib/admin/draft.ts';
import {
  changedFields,
  type Definition,
  type DefinitionField,
  definitionOf,
  toGiven,
} from '#lib/admin/runtimes/definition.ts';
import { api, Problem } from '#lib/api/client.ts';
import { explain } from '#lib/api/problem.ts';
import type { AdminRuntimeAnswer } from '#lib/api/types.ts';

interface Kept {
  base: AdminRuntimeAnswer;
  definition: Definition;
}

export class Editing {
  /** As it was loaded, which the edits are edits of. */
  base = $state.raw<AdminRuntimeAnswer>(null!);
  definition = $state.raw<Definition>({});
  taken = $state<DefinitionField[]>([]);
  /** Whether what is written as JSON can be read. */
  readable = $state(true);
  problem = $state.raw<Problem | null>(null);
  failure = $state('');
  busy = $state(false);
  isSaved = $state(false);
  #draft: string;

  constructor(runtime: AdminRuntimeAnswer) {
    this.#draft = `runtime.${runtime.id}`;
    this.load(runtime, { keep: true });
    const kept = readDraft<Kept>(this.#draft);
    if (kept) {
      this.base = kept.base;
      this.definition = kept.definition;
    }
  }

  get changes(): DefinitionField[] {
    return changedFields(this.base.definition as Definition, this.definition);
  }

  get isChanged(): boolean {
    return this.changes.length > 0 || this.taken.length > 0;
  }

  get given(): Definition {
    return toGiven(this.base, this.definition, this.taken);
  }

  get isConflict(): boolean {
    return this.problem?.status === 412;
  }

  /** Begin from what is saved. */
  load(runtime: AdminRuntimeAnswer, { keep = false } = {}): void {
    this.base = runtime;
    this.definition = definitionOf(runtime);
    this.taken = [];
    this.problem = null;
    this.failure = '';
    if (!keep) dropDraft(this.#draft);
  }

  change(definition: Definition): void {
    this.definition = definition;
    this.isSaved = false;
    keepDraft(this.#draft, { base: this.base, definition } satisfies Kept);
  }

  /** Save it in place of `revision`; null where the server refused. */
  async save(revision = this.base.revision): Promise<AdminRuntimeAnswer | null> {
    this.busy = true;
    this.problem = null;
    this.failure = '';
    try {
      const path = `/admin/runtimes/${encodeURIComponent(this.base.id)}`;
      const saved = await api.put<AdminRuntimeAnswer>(path, this.given, { ifMatch: revision });
      this.load(saved);
      this.isSaved = true;
      return saved;
    } catch (error) {
      if (error instanceof Problem) this.problem = error;
      this.failure = explain(error);
      return null;
    } finally {
      this.busy = false;
    }
  }
}
