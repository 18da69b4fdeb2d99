/** A priority queue: the smallest key comes out first, among equals the one pushed first. */
export class Heap<Item> {
  private readonly items: { item: Item; key: number; age: number }[] = [];
  private readonly keyOf: (item: Item) => number;
  private pushed = 0;

  constructor(keyOf: (item: Item) => number) {
    this.keyOf = keyOf;
  }

  get size(): number {
    return this.items.length;
  }

  push(item: Item): void {
    this.items.push({ item, key: this.keyOf(item), age: this.pushed++ });
    let child = this.items.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.isBefore(child, parent)) break;
      this.swap(child, parent);
      child = parent;
    }
  }

  pop(): Item | undefined {
    if (this.items.length === 0) return undefined;
    this.swap(0, this.items.length - 1);
    const first = this.items.pop();
    let parent = 0;
    for (;;) {
      const children = [2 * parent + 1, 2 * parent + 2].filter((each) => each < this.items.length);
      const least = children.reduce((a, b) => (this.isBefore(b, a) ? b : a), parent);
      if (least === parent) return first?.item;
      this.swap(least, parent);
      parent = least;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [left, right] = [this.items[a]!, this.items[b]!];
    return left.key < right.key || (left.key === right.key && left.age < right.age);
  }

  private swap(a: number, b: number): void {
    [this.items[a], this.items[b]] = [this.items[b]!, this.items[a]!];
  }
}
