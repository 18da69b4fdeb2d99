// A board is a Set of "x,y" strings, so it has no edge.
const parse = (rows) =>
  new Set(rows.flatMap((row, y) => [...row].flatMap((cell, x) => (cell === "#" ? [`${x},${y}`] : []))));

const position = (cell) => cell.split(",").map(Number);

function step(cells) {
  const neighbours = new Map();
  for (const cell of cells) {
    const [x, y] = position(cell);
    for (const dx of [-1, 0, 1])
      for (const dy of [-1, 0, 1]) {
        if (!dx && !dy) continue;
        const near = `${x + dx},${y + dy}`;
        neighbours.set(near, (neighbours.get(near) ?? 0) + 1);
      }
  }
  const alive = [...neighbours].filter(([cell, count]) => count === 3 || (count === 2 && cells.has(cell)));
  return new Set(alive.map(([cell]) => cell));
}

function render(cells) {
  const places = [...cells].map(position);
  const [xs, ys] = [0, 1].map((axis) => places.map((place) => place[axis]));
  const lines = [];
  for (let y = Math.min(...ys); y <= Math.max(...ys); y++) {
    let line = "";
    for (let x = Math.min(...xs); x <= Math.max(...xs); x++) line += cells.has(`${x},${y}`) ? "#" : ".";
    lines.push(line);
  }
  return lines.join("\n");
}

module.exports = { parse, step, render };
