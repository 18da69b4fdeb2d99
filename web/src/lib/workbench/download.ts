/** Everything in one ZIP archive. */
import { saveFile } from '#lib/api/client.ts';
import { bytesOf } from '#lib/project/content.ts';
import type { Bench } from '#lib/workbench/bench.svelte.ts';

export async function downloadAll(bench: Bench): Promise<void> {
  // What is on the screen, saved or not.
  const { zipSync } = await import('fflate');
  const files: Record<string, Uint8Array> = {};
  for (const { path, content } of bench.workspace.files) files[path] = bytesOf(content);
  // At once: in the background it would need a worker that the page's policy refuses.
  const packed = zipSync(files) as Uint8Array<ArrayBuffer>;
  const name = bench.project?.name ?? bench.runtime?.id ?? 'draft';
  saveFile(new Blob([packed], { type: 'application/zip' }), `${name}.zip`);
}
