function fibonacci(count) {
  const numbers = [];
  for (let a = 0, b = 1; numbers.length < count; [a, b] = [b, a + b]) numbers.push(a);
  return numbers;
}

console.log(fibonacci(10).join(" "));
