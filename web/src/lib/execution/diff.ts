/** What differs between the lines of two texts, as few changes as possible. */
export interface DiffLine {
  kind: 'same' | 'missing' | 'extra';
  text: string;
}

// The time grows with the product of the lines that differ.
const CELLS_MAX = 1_000_000;

export function diffLines(expected: string, actual: string): DiffLine[] {
  const [old, now] = [toLines(expected), toLines(actual)];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  const most = Math.min(old.length, now.length) - start;
  while (end < most && old[old.length - 1 - end] === now[now.length - 1 - end]) end++;
  return [
    ...mark('same', old.slice(0, start)),
    ...diffMiddle(old.slice(start, old.length - end), now.slice(start, now.length - end)),
    ...mark('same', old.slice(old.length - end)),
  ];
}

function diffMiddle(old: string[], now: string[]): DiffLine[] {
  if (old.length * now.length > CELLS_MAX) return [...mark('missing', old), ...mark('extra', now)];
  const common = measure(old, now);
  const lines: DiffLine[] = [];
  let [left, right] = [0, 0];
  while (left < old.length && right < now.length) {
    if (old[left] === now[right]) {
      lines.push({ kind: 'same', text: old[left] });
      left++;
      right++;
    } else if (common[left + 1][right] >= common[left][right + 1]) {
      lines.push({ kind: 'missing', text: old[left++] });
    } else lines.push({ kind: 'extra', text: now[right++] });
  }
  return [...lines, ...mark('missing', old.slice(left)), ...mark('extra', now.slice(right))];
}

/** How many lines the rests behind each pair of places have in common. */
function measure(old: string[], now: string[]): Uint32Array[] {
  const common = Array.from({ length: old.length + 1 }, () => new Uint32Array(now.length + 1));
  for (let left = old.length - 1; left >= 0; left--) {
    for (let right = now.length - 1; right >= 0; right--) {
      common[left][right] =
        old[left] === now[right]
          ? common[left + 1][right + 1] + 1
          : Math.max(common[left + 1][right], common[left][right + 1]);
    }
  }
  return common;
}

function mark(kind: DiffLine['kind'], lines: string[]): DiffLine[] {
  return lines.map((text) => ({ kind, text }));
}

function toLines(text: string): string[] {
  const lines = text.split('\n');
  // A line end at the end begins no further line.
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
