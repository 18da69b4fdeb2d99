// @vitest-environment jsdom
import { render, screen, within } from '@testing-library/svelte';
import { expect, test } from 'vitest';
import Figures from '#lib/admin/overview/Figures.svelte';
import { History } from '#lib/admin/overview/history.svelte.ts';
import type { OverviewAnswer } from '#lib/api/types.ts';

const NONE = { median_seconds: null, p95_seconds: null };

test('how long people wait is a median and a percentile, or nothing to measure', () => {
  const overview = {
    running: 0,
    queued: 0,
    wait: { median_seconds: 0.012, p95_seconds: 2.5 },
    duration: NONE,
  } as OverviewAnswer;

  render(Figures, { overview, history: new History(), concurrency: 4 });

  const figure = (name: string) => screen.getByRole('region', { name });
  expect(figure('Wait, last hour')).toHaveProperty(
    'textContent',
    expect.stringMatching(/12 ms\s*median; 95th percentile 2\.5 s/),
  );
  expect(within(figure('Run time, last hour')).getByText('No runs to measure')).toBeDefined();
});
