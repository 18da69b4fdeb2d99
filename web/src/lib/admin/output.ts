/** What a step printed, as text. */
import type { StepAnswer } from '#lib/api/types.ts';

export function outputOf(step: StepAnswer, stream: 'stdout' | 'stderr'): string {
  const text = step[stream];
  if (step[`${stream}_encoding`] !== 'base64') return text;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}
