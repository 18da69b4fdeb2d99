function* fibonacci(count: number): Generator<number> {
  for (let i = 0, a = 0, b = 1; i < count; i++, [a, b] = [b, a + b]) yield a;
}

console.log([...fibonacci(10)].join(" "));
