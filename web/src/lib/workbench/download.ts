/** Everything in one ZIP archive. */
import { saveFile } from '#lib/api/client.ts';
import { bytesOf } from '#lib/project/content.ts';
import type { Bench } from '#lib/workbench/bench.svelte.ts';
import { pack } from '#lib/zip.ts';

export async function downloadAll(bench: Bench): Promise<void> {
  // What is on the screen, saved or not.
  const { files } = bench.workspace;
  const packed = await pack(files.map(({ path, content }) => [path, bytesOf(content)]));
  saveFile(packed, `${bench.project?.name ?? bench.runtime?.id ?? 'draft'}.zip`);
}
