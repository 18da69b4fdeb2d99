/** What is known of a file from its name: what it is shown as. */
export type Kind = 'image' | 'table' | 'audio' | 'video' | 'page' | 'text' | 'other';

export const PREVIEW_BYTES_MAX = 8 * 1024 * 1024;

const TYPES: Record<string, [Kind, string]> = {
  png: ['image', 'image/png'],
  jpg: ['image', 'image/jpeg'],
  jpeg: ['image', 'image/jpeg'],
  gif: ['image', 'image/gif'],
  webp: ['image', 'image/webp'],
  svg: ['image', 'image/svg+xml'],
  csv: ['table', 'text/csv'],
  tsv: ['table', 'text/tab-separated-values'],
  json: ['table', 'application/json'],
  mp3: ['audio', 'audio/mpeg'],
  wav: ['audio', 'audio/wav'],
  ogg: ['audio', 'audio/ogg'],
  mp4: ['video', 'video/mp4'],
  webm: ['video', 'video/webm'],
  html: ['page', 'text/html'],
  htm: ['page', 'text/html'],
  txt: ['text', 'text/plain'],
  md: ['text', 'text/plain'],
  log: ['text', 'text/plain'],
  xml: ['text', 'text/plain'],
};

export function kindOf(name: string): Kind {
  return TYPES[endingOf(name)]?.[0] ?? 'other';
}

export function mediaTypeOf(name: string): string {
  return TYPES[endingOf(name)]?.[1] ?? 'application/octet-stream';
}

export function artifactPath(execution: string, name: string): string {
  return `/executions/${execution}/artifacts/${name.split('/').map(encodeURIComponent).join('/')}`;
}

export function endingOf(name: string): string {
  const file = name.slice(name.lastIndexOf('/') + 1);
  return file.includes('.') ? file.slice(file.lastIndexOf('.') + 1).toLowerCase() : '';
}
