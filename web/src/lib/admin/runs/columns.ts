/** The columns of the list of runs, and what of each row stands in the exported file. */
import { formatMaybe, ownerName, runSeconds, waitSeconds } from '#lib/admin/runs/search.ts';
import type { Cell } from '#lib/admin/csv.ts';
import type { OwnedSummary } from '#lib/api/types.ts';

export interface Column {
  name: string;
  label: string;
  number?: boolean;
  /** Shown unless somebody chose otherwise. */
  usual: boolean;
}

export const COLUMNS: Column[] = [
  { name: 'owner', label: 'Account', usual: true },
  { name: 'runtime', label: 'Runtime', usual: true },
  { name: 'entry', label: 'File', usual: true },
  { name: 'project', label: 'Project', usual: false },
  { name: 'submitted', label: 'Submitted', usual: true },
  { name: 'waited', label: 'Waited', number: true, usual: true },
  { name: 'ran', label: 'Ran', number: true, usual: true },
  { name: 'message', label: 'Message', usual: false },
  { name: 'id', label: 'Id', usual: false },
];

export const CSV_HEAD = [
  'id',
  'state',
  'outcome',
  'account',
  'account_id',
  'runtime',
  'entry',
  'project',
  'revision',
  'attempt',
  'created_at',
  'started_at',
  'finished_at',
  'message',
];

export function toCsvRow(run: OwnedSummary): Cell[] {
  return [
    run.id,
    run.state,
    run.outcome,
    run.owner,
    run.owner_id,
    run.runtime,
    run.entry,
    run.project,
    run.revision,
    run.attempt,
    run.created_at,
    run.started_at,
    run.finished_at,
    run.message,
  ];
}

/** The text of a cell that is only text. */
export function cellText(run: OwnedSummary, column: string, nowMs: number): string {
  switch (column) {
    case 'owner':
      return ownerName(run);
    case 'runtime':
      return run.runtime;
    case 'entry':
      return run.entry;
    case 'project':
      return run.project ?? '–';
    case 'waited':
      return formatMaybe(waitSeconds(run, nowMs));
    case 'ran':
      return formatMaybe(runSeconds(run, nowMs));
    case 'message':
      return run.message ?? '';
    default:
      return run.id;
  }
}
