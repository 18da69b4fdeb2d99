Stream.unfold({0, 1}, fn {a, b} -> {a, {b, a + b}} end)
|> Enum.take(10)
|> Enum.join(" ")
|> IO.puts()
