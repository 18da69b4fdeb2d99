import std/strutils

iterator fibonacci(count: int): int =
  var (a, b) = (0, 1)
  for _ in 1 .. count:
    yield a
    (a, b) = (b, a + b)

var numbers: seq[int]
for number in fibonacci(10):
  numbers.add number
echo numbers.join(" ")
