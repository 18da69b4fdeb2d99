/** ZIP archives, made in the browser by what is loaded for the first of them. */
export async function pack(entries: Iterable<readonly [path: string, bytes: Uint8Array]>) {
  const { zipSync } = await import('fflate');
  // At once: in the background it would need a worker that the page's policy refuses.
  const packed = zipSync(Object.fromEntries(entries)) as Uint8Array<ArrayBuffer>;
  return new Blob([packed], { type: 'application/zip' });
}
