/** Lists of questions and answers, as administrators edit, import and export them. */
import type { FaqEntryAnswer } from '#lib/api/types.ts';
import type { Problem } from '#lib/api/problem.ts';

export const QUESTION_MAX = 200;
export const ANSWER_MAX = 4000;
export const COUNT_MAX = 50;

export interface Entry extends FaqEntryAnswer {
  /** Tells entries apart while they are moved. */
  key: number;
}

let last = 0;

export function toEntry({ question, answer }: FaqEntryAnswer): Entry {
  return { key: ++last, question, answer };
}

export function toBody(entries: readonly Entry[]): FaqEntryAnswer[] {
  // A text field writes line ends of its own.
  return entries.map(({ question, answer }) => ({
    question: question.trim(),
    answer: answer.replaceAll('\r\n', '\n').trim(),
  }));
}

export function move<T>(items: readonly T[], from: number, to: number): T[] {
  if (to < 0 || to >= items.length) return [...items];
  const moved = [...items];
  moved.splice(to, 0, ...moved.splice(from, 1));
  return moved;
}

/** Read an exported list; throws an error that says what is wrong with the file. */
export function readList(text: string): FaqEntryAnswer[] {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Error('The file is not JSON.');
  }
  if (!Array.isArray(found)) throw new Error('The file is not a list of questions and answers.');
  if (found.length > COUNT_MAX)
    throw new Error(`The file has ${found.length} questions; a list has up to ${COUNT_MAX}.`);
  return found.map((each, index) => {
    const { question, answer } = (each ?? {}) as Partial<FaqEntryAnswer>;
    if (typeof question !== 'string' || typeof answer !== 'string')
      throw new Error(`Entry ${index + 1} of the file has no "question" or no "answer".`);
    return { question, answer };
  });
}

/** What the API found wrong, as `2.answer` → its message; '' is for what belongs to none. */
export function errorsOf(problem: Problem): Record<string, string> {
  const found = problem.fields.map(({ field, message }) => {
    const place = field.match(/(\d+)\]?\.(question|answer)$/);
    return [place ? `${place[1]}.${place[2]}` : '', message];
  });
  return found.length ? Object.fromEntries(found) : { '': problem.message };
}
