/** Figures as they were since the page was opened; the API tells only the present. */
export interface Sample {
  atMs: number;
  values: Record<string, number>;
}

const COUNT_MAX = 60;

export class History {
  samples = $state.raw<Sample[]>([]);

  add(atMs: number, values: Record<string, number>): void {
    const last = this.samples.at(-1);
    if (last && last.atMs >= atMs) return;
    this.samples = [...this.samples.slice(1 - COUNT_MAX), { atMs, values }];
  }

  of(name: string): number[] {
    return this.samples.map((each) => each.values[name]);
  }
}
