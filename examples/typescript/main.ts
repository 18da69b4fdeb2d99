// Huffman coding: the shortest prefix code for a text.
// Run it: runyard run examples/typescript < examples/typescript/input.txt
import { readFileSync } from "node:fs";
import { buildCode, decode, encode } from "./huffman.ts";

const text = readFileSync(0, "utf8").trimEnd();
const code = buildCode(text);
const bits = encode(text, code);

const byLength = [...code].sort((a, b) => a[1].length - b[1].length || a[0].localeCompare(b[0]));
for (const [symbol, word] of byLength.slice(0, 5)) console.log(`${JSON.stringify(symbol)} ${word}`);
console.log(`${code.size} symbols, ${[...text].length * 8} bits become ${bits.length}`);
console.log(decode(bits, code) === text ? "the text came back" : "the text was damaged");
