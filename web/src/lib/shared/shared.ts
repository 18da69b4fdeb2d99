/** A project of somebody else's, as it is read. */
import { api } from '#lib/api/client.ts';
import { Problem } from '#lib/api/problem.ts';
import type { EntryAnswer, ExecutionBody, SharedAnswer } from '#lib/api/types.ts';
import { toBytes } from '#lib/encoding.ts';
import { pack } from '#lib/zip.ts';

// Longer than any key; the server refuses to look for more.
const KEY_CHARACTERS_MAX = 64;

export function sharedQuery(key: string) {
  return {
    queryKey: ['shared', key],
    queryFn: ({ signal }: { signal: AbortSignal }) => {
      if (key.length > KEY_CHARACTERS_MAX) throw new Problem(404, { code: 'not_found' });
      return api.get<SharedAnswer>(`/shared/${encodeURIComponent(key)}`, {}, signal);
    },
  };
}

export function isMissing(error: unknown): boolean {
  return error instanceof Problem && (error.status === 404 || error.status === 422);
}

/** The file that is shown first: the one asked for, the entry, something to read, or any. */
export function firstFile(
  files: readonly EntryAnswer[],
  wanted: string | null,
  entry: string | null,
) {
  return (
    files.find((file) => file.path === wanted) ??
    files.find((file) => file.path === entry) ??
    files.find((file) => /^readme/i.test(file.path)) ??
    files[0]
  );
}

/** The text of a file, or null where it is none. */
export function textOf(file: EntryAnswer): string | null {
  return file.encoding === 'base64' ? null : (file.content ?? '');
}

/** What is sent to run it as its owner set it up. */
export function runBody({ revision }: SharedAnswer, stdin?: string): Omit<ExecutionBody, 'wait'> {
  const { setup } = revision;
  return {
    runtime: setup.runtime,
    entry: setup.entry,
    args: setup.args,
    env: setup.env,
    ...(stdin === undefined
      ? { stdin: setup.stdin, stdin_encoding: setup.stdin_encoding }
      : { stdin }),
    files: revision.files.map(({ path, content, encoding, executable }) => ({
      path,
      content: content ?? '',
      encoding: encoding ?? 'utf-8',
      executable,
    })),
  };
}

/** All files in one archive. */
export function packFiles(files: readonly EntryAnswer[]): Promise<Blob> {
  const bytesOf = ({ content, encoding }: EntryAnswer) =>
    toBytes(content ?? '', encoding ?? 'utf-8');
  return pack(files.map((file) => [file.path, bytesOf(file)]));
}
