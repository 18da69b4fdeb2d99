const fibonacci = (count: number): number[] =>
  Array.from({ length: count }).reduce<number[]>(
    (numbers, _, i) => [...numbers, i < 2 ? i : numbers[i - 1] + numbers[i - 2]],
    [],
  );

console.log(fibonacci(10).join(" "));
