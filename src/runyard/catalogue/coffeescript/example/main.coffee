fibonacci = (count) ->
  [a, b] = [0, 1]
  for _ in [1..count]
    [now, a, b] = [a, b, a + b]
    now

console.log fibonacci(10).join " "
