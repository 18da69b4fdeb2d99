import { describe, expect, it } from 'vitest';
import { describeChange, whyUndeletable } from '#lib/admin/platforms/platforms.ts';
import type { PlatformAnswer } from '#lib/api/types.ts';

const PLATFORM = { name: 'local', running: 2, in_use: true, default: true } as PlatformAnswer;

describe('what changing a platform does', () => {
  it('names how many programs may finish', () => {
    expect(describeChange(PLATFORM, 'draining')).toContain('The 2 programs that run on local');
    expect(describeChange({ ...PLATFORM, running: 1 }, 'disabled')).toMatch(
      /^The 1 program that runs on local may finish.*No sandbox stands ready/,
    );
  });

  it('says that nothing changes where nothing runs', () => {
    expect(describeChange({ ...PLATFORM, in_use: false }, 'draining')).toContain('nothing changes');
  });

  it('does not delete what is needed', () => {
    expect(whyUndeletable(PLATFORM)).toContain('default');
    expect(whyUndeletable({ ...PLATFORM, default: false })).toContain('runs on it');
    expect(whyUndeletable({ ...PLATFORM, default: false, in_use: false })).toBeNull();
  });
});
