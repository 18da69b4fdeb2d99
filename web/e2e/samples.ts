/** A small world for pictures: people with projects and programs that ran. */
import { administrator, call, type Person, tokenOf } from './people.ts';
import { submit } from './runs.ts';

const WALK = `"""A random walk: where does it lead?"""
import random
from pathlib import Path

from plot import draw

random.seed(7)
at, walk = 0, [0]
for step in range(400):
    at += random.choice((-1, 1))
    walk.append(at)

Path("walk.svg").write_text(draw(walk))
print(f"{len(walk) - 1} steps, from {min(walk)} to {max(walk)}, ended at {walk[-1]}")
`;
const PLOT = `"""Draws a line as SVG, without any library."""


def draw(values, width=640, height=320):
    low, high = min(values), max(values)
    x = width / (len(values) - 1)
    y = height / (high - low)
    points = " ".join(
        f"{i * x:.1f},{(high - value) * y:.1f}" for i, value in enumerate(values)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 {width + 16} {height + 16}">'
        f'<rect x="-8" y="-8" width="{width + 16}" height="{height + 16}" fill="#fff"/>'
        f'<polyline points="{points}" fill="none" stroke="#4f46e5" stroke-width="2"/></svg>'
    )
`;
const QUEENS = `#include <iostream>
#include <vector>

int place(int row, int n, std::vector<int>& columns) {
    if (row == n) return 1;
    int found = 0;
    for (int column = 0; column < n; ++column) {
        bool safe = true;
        for (int above = 0; above < row && safe; ++above)
            safe = columns[above] != column && std::abs(columns[above] - column) != row - above;
        if (!safe) continue;
        columns[row] = column;
        found += place(row + 1, n, columns);
    }
    return found;
}

int main() {
    for (int n = 4; n <= 9; ++n) {
        std::vector<int> columns(n);
        std::cout << n << " queens: " << place(0, n, columns) << " ways\\n";
    }
}
`;
const GUESS = `import random

secret = random.randint(1, 100)
while (guess := int(input("Your guess: "))) != secret:
    print("Too low." if guess < secret else "Too high.")
print("That is it!")
`;
const WORDS = `const text = "the quick brown fox jumps over the lazy dog and the cat";
const counts = new Map();
for (const word of text.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
console.table([...counts].filter(([, count]) => count > 1));
`;

interface Sample {
  name: string;
  description: string;
  runtime: string;
  tags: string[];
  files: Record<string, string>;
}

const SAMPLES: Sample[] = [
  {
    name: 'Guess the number',
    description: 'A game for the keyboard: the program thinks of a number, you find it.',
    runtime: 'python',
    tags: ['game', 'beginners'],
    files: { 'main.py': GUESS },
  },
  {
    name: 'Word counts',
    description: 'Counts words with a Map and prints them as a table.',
    runtime: 'javascript',
    tags: ['text'],
    files: { 'main.js': WORDS },
  },
  {
    name: 'Queens on a board',
    description: 'How many ways are there to place n queens, so that none attacks another one?',
    runtime: 'cpp',
    tags: ['backtracking', 'puzzle'],
    files: { 'main.cpp': QUEENS },
  },
  {
    name: 'Random walk',
    description: 'Four hundred steps up or down, drawn as a picture without any library.',
    runtime: 'python',
    tags: ['plot', 'random'],
    files: { 'main.py': WALK, 'plot.py': PLOT },
  },
];

export interface World {
  owner: Person;
  /** The project that is shown, and the link of it for everybody. */
  project: string;
  link: string;
  run: string;
}

/** Make people, projects that everybody sees, and programs that ended in several ways. */
export async function makeWorld(): Promise<World> {
  const owner = { name: 'mara', email: 'mara@example.org', password: administrator.password };
  await call('POST', '/auth/sign-up', owner);
  const reader = { ...owner, name: 'jonas', email: 'jonas@example.org' };
  await call('POST', '/auth/sign-up', reader);
  const [token, starring] = [await tokenOf(owner), await tokenOf(reader)];
  const world = { owner, project: '', link: '', run: '' };
  for (const { files, runtime, tags, name, description } of SAMPLES) {
    const made = await call(
      'POST',
      '/projects',
      {
        name,
        description,
        setup: { runtime },
        files: Object.entries(files).map(([path, content]) => ({ path, content })),
      },
      token,
    );
    world.project = (made.project as { id: string }).id;
    const shared = { visibility: 'public', tags };
    const answer = await call('PATCH', `/projects/${world.project}/sharing`, shared, token);
    world.link = (answer.link ?? world.project) as string;
    await call('POST', `/shared/${world.link}/star`, undefined, starring);
    const stdin = name.startsWith('Guess') ? '50\\n' : '';
    await submit(runtime, files, { stdin }, token);
  }
  await submit('python', { 'main.py': 'while True:\n    pass\n' }, {}, starring);
  await submit('python', { 'main.py': 'print(undefined)\n' }, {}, starring);
  world.run = await submit('python', SAMPLES[3].files, { artifacts: ['*.svg'] }, token);
  return world;
}
