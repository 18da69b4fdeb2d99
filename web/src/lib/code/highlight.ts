/** Colours files for reading. It brings the parsers of the editor, so it is loaded after the text. */
import { LanguageDescription } from '@codemirror/language';
import { languages } from '@codemirror/language-data';
import { classHighlighter, highlightCode } from '@lezer/highlight';
import type { Line } from '#lib/code/lines.ts';

// Beyond it, colours cost more than they tell.
const CHARACTERS_MAX = 200_000;

/** The lines of a file with the classes of their parts; null where no language is known for it. */
export async function highlight(path: string, text: string): Promise<Line[] | null> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const language = LanguageDescription.matchFilename(languages, name);
  if (language === null || text.length > CHARACTERS_MAX) return null;
  const { language: parser } = await language.load();
  const lines: Line[] = [[]];
  highlightCode(
    text,
    parser.parser.parse(text),
    classHighlighter,
    (part, classes) => lines.at(-1)!.push({ text: part, classes }),
    () => lines.push([]),
  );
  return lines;
}
