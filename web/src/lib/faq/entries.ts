/** Questions and answers of several lists, as one list to look through. */
import type { FaqAnswer, FaqEntryAnswer } from '#lib/api/types.ts';
import { plainText } from '#lib/markdown/markdown.ts';

export interface Question extends FaqEntryAnswer {
  /** What stands for it in the address. */
  anchor: string;
}

export interface Section {
  /** null: about everything. */
  runtime: string | null;
  questions: Question[];
}

/** That of the runtime first: it is what was asked for. */
export function mergeSections(answer: FaqAnswer): Section[] {
  const taken = new Set<string>();
  const build = (entries: readonly FaqEntryAnswer[], prefix: string) =>
    entries.map((entry) => ({ ...entry, anchor: makeAnchor(prefix + entry.question, taken) }));
  const own = answer.runtime ?? [];
  return [
    ...(own.length > 0
      ? [{ runtime: answer.runtime_id, questions: build(own, `${answer.runtime_id} `) }]
      : []),
    { runtime: null, questions: build(answer.general, '') },
  ];
}

/** Keep the questions that have each word somewhere, in the answer too. */
export function searchSections(sections: readonly Section[], query: string): Section[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return sections
    .map(({ runtime, questions }) => ({
      runtime,
      questions: questions.filter(({ question, answer }) => {
        const text = `${question}\n${plainText(answer)}`.toLowerCase();
        return words.every((word) => text.includes(word));
      }),
    }))
    .filter(({ questions }) => questions.length > 0);
}

function makeAnchor(text: string, taken: Set<string>): string {
  const base =
    text
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}]+/gu, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 60) || 'question';
  let anchor = base;
  for (let count = 2; taken.has(anchor); count++) anchor = `${base}-${count}`;
  taken.add(anchor);
  return anchor;
}
