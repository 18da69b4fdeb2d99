import { Heap } from "./heap.ts";

export type Code = Map<string, string>;

interface Leaf {
  readonly kind: "leaf";
  readonly weight: number;
  readonly symbol: string;
}

interface Branch {
  readonly kind: "branch";
  readonly weight: number;
  readonly children: readonly [Tree, Tree];
}

type Tree = Leaf | Branch;

export function buildCode(text: string): Code {
  const weights = new Map<string, number>();
  for (const symbol of text) weights.set(symbol, (weights.get(symbol) ?? 0) + 1);

  // Ties are broken by age, so that the same text always has the same code.
  const heap = new Heap<Tree>((tree) => tree.weight);
  for (const [symbol, weight] of [...weights].sort()) heap.push({ kind: "leaf", weight, symbol });
  while (heap.size > 1) {
    const children: [Tree, Tree] = [heap.pop()!, heap.pop()!];
    heap.push({ kind: "branch", weight: children[0].weight + children[1].weight, children });
  }

  const code: Code = new Map();
  const root = heap.pop();
  if (root) assign(root, root.kind === "leaf" ? "0" : "", code);
  return code;
}

export const encode = (text: string, code: Code): string =>
  Array.from(text, (symbol) => code.get(symbol)).join("");

export function decode(bits: string, code: Code): string {
  const symbols = new Map([...code].map(([symbol, word]) => [word, symbol]));
  let text = "";
  let word = "";
  for (const bit of bits) {
    const symbol = symbols.get((word += bit));
    if (symbol === undefined) continue;
    text += symbol;
    word = "";
  }
  return text;
}

function assign(tree: Tree, word: string, code: Code): void {
  switch (tree.kind) {
    case "leaf":
      code.set(tree.symbol, word);
      break;
    case "branch":
      tree.children.forEach((child, bit) => assign(child, word + bit, code));
  }
}
