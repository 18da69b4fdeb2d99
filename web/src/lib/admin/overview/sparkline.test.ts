import { describe, expect, it } from 'vitest';
import { History } from '#lib/admin/overview/history.svelte.ts';
import { toPoints } from '#lib/admin/overview/sparkline.ts';

describe('the line of a small chart', () => {
  it('spans the box from nothing to the most', () => {
    expect(toPoints([0, 5, 10], 100, 20)).toBe('0,20 50,10 100,0');
  });

  it('stays at the bottom while nothing happens', () => {
    expect(toPoints([0, 0], 100, 20)).toBe('0,20 100,20');
  });

  it('is level for one value, and nothing for none', () => {
    expect(toPoints([3], 100, 20)).toBe('0,0 100,0');
    expect(toPoints([], 100, 20)).toBe('');
  });
});

describe('what a page saw', () => {
  it('keeps each moment once and the newest sixty', () => {
    const history = new History();
    history.add(1, { running: 1 });
    history.add(1, { running: 9 });
    expect(history.of('running')).toEqual([1]);
    for (let at = 2; at <= 70; at++) history.add(at, { running: at });
    expect(history.samples).toHaveLength(60);
    expect(history.of('running').at(-1)).toBe(70);
  });
});
