import { describe, expect, it } from 'vitest';
import { WatchedTrial } from '#lib/admin/runtimes/watching.svelte.ts';

function receive(...events: [string, Record<string, unknown>][]): WatchedTrial {
  const trial = new WatchedTrial();
  events.forEach(([kind, data], at) => trial.receive({ sequence: at + 1, kind, data }));
  return trial;
}

const output = (text: string, encoding = 'utf-8'): [string, Record<string, unknown>] => [
  'output',
  { stream: 'stdout', text, encoding },
];

describe('a trial that is watched', () => {
  it('says what happens', () => {
    expect(receive(['state', { state: 'queued' }]).progress).toMatch(/turn/);
    expect(receive(['step_started', { kind: 'compile', name: 'compile' }]).progress).toBe(
      'Compiling',
    );
    expect(receive(['step_started', { kind: 'run', name: 'run' }]).progress).toBe('Running');
  });

  it('joins what is printed, also where a character comes in two parts', () => {
    expect(receive(output('a'), output('b\n')).log).toBe('ab\n');
    expect(receive(output('ww==', 'base64'), output('qQ==', 'base64')).log).toBe('é');
  });

  it('keeps the end of what is printed without end', () => {
    const trial = receive(output('x'.repeat(200_000)), output('end'));
    expect(trial.log.length).toBe(100_000);
    expect(trial.log.endsWith('xend')).toBe(true);
  });
});
