import { expect, test } from 'vitest';
import type { StepAnswer } from '#lib/api/types.ts';
import { Log } from '#lib/execution/log.svelte.ts';
import { textOf } from '#lib/execution/screen.ts';
import { Transcript } from '#lib/execution/transcript.ts';

function begin(): { log: Log; transcript: Transcript } {
  const log = new Log();
  return { log, transcript: new Transcript(log) };
}

function output(text: string, stream = 'stdout') {
  return { stream, encoding: 'utf-8', text };
}

async function linesOf(log: Log): Promise<string[]> {
  await expect.poll(() => log.isBehind).toBe(false);
  return log.blocks.flatMap((block) => block.lines.map((line) => line.heading ?? textOf(line)));
}

test('what the compiler says stands apart from what the program prints', async () => {
  const { log, transcript } = begin();
  transcript.begin('compile', 'compile');
  transcript.add(output('warning: x\n', 'stderr'));
  transcript.begin('run', 'run');
  transcript.add(output('hello\n'));

  expect(await linesOf(log)).toEqual(['Compiler', 'warning: x', 'Program', 'hello']);
  expect(transcript.text()).toBe('warning: x\nhello\n');
});

test('a silent compiler has no heading', async () => {
  const { log, transcript } = begin();
  transcript.begin('compile', 'compile');
  transcript.begin('run', 'run');
  transcript.add(output('hello\n'));

  expect(await linesOf(log)).toEqual(['hello']);
});

test.each([
  ['every event', [1, 2, 3], false],
  ['a gap', [1, 2, 7], true],
  ['the beginning missing', [4, 5], true],
  ['a further attempt', [1, 2, 1_000_001, 1_000_002], false],
])('%s', (_, sequences, isIncomplete) => {
  const { transcript } = begin();
  sequences.forEach((sequence) => transcript.note(sequence));
  expect(transcript.isIncomplete([])).toBe(isIncomplete);
});

test('what was missed is taken from the steps', async () => {
  const { log, transcript } = begin();
  const steps = [
    {
      kind: 'run',
      name: 'run',
      stdout: 'a\n',
      stdout_encoding: 'utf-8',
      stderr: '/wo=',
      stderr_encoding: 'base64',
    },
  ] as StepAnswer[];

  expect(transcript.isIncomplete(steps)).toBe(true);
  transcript.replace(steps);
  expect(await linesOf(log)).toEqual(['a', '�']);
});

test('who begins to listen late hears everything', () => {
  const { transcript } = begin();
  transcript.begin('run', 'run');
  transcript.add(output('a'));
  const heard: string[] = [];
  const forget = transcript.listen((chunk) => heard.push(chunk.text));
  transcript.add(output('b'));
  forget();
  transcript.add(output('c'));

  expect(heard).toEqual(['a', 'b']);
});

test('the first output is shown at once, and a flood in the end whole', async () => {
  const { log, transcript } = begin();
  transcript.begin('run', 'run');
  transcript.add(output('first\n'));
  expect(log.blocks.length).toBe(1);

  transcript.add(output('x\n'.repeat(3000)));
  expect((await linesOf(log)).length).toBe(3001);
});
