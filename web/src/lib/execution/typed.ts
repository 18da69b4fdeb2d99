/** The lines that were typed, found again with the arrow keys. */
const LINES_MAX = 100;

export class InputHistory {
  #lines: string[] = [];
  #position = 0;
  #unsent = '';

  add(line: string): void {
    if (line && line !== this.#lines.at(-1)) this.#lines.push(line);
    this.#lines = this.#lines.slice(-LINES_MAX);
    this.#position = this.#lines.length;
    this.#unsent = '';
  }

  /** The line before; `present` is what stands there now. */
  older(present: string): string {
    if (this.#position === this.#lines.length) this.#unsent = present;
    if (this.#position === 0) return present;
    return this.#lines[--this.#position];
  }

  newer(present: string): string {
    if (this.#position === this.#lines.length) return present;
    this.#position++;
    return this.#lines[this.#position] ?? this.#unsent;
  }
}
