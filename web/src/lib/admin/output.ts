/** What a step printed, as text. */
import type { StepAnswer } from '#lib/api/types.ts';
import { toText } from '#lib/encoding.ts';

export function outputOf(step: StepAnswer, stream: 'stdout' | 'stderr'): string {
  return toText(step[stream], step[`${stream}_encoding`]);
}
