// Conway's Game of Life.
// Run it: runyard run examples/javascript
const { parse, step, render } = require("./life");
const patterns = require("./patterns.json");

for (const { name, rows, generations } of patterns) {
  let cells = parse(rows);
  const before = cells.size;
  for (let i = 0; i < generations; i++) cells = step(cells);
  console.log(`${name}: ${before} cells, ${cells.size} after ${generations} generations`);
  console.log(render(cells));
}
