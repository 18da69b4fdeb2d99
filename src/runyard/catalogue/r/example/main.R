fibonacci <- function(count) {
  numbers <- c(0, 1)
  while (length(numbers) < count) numbers <- c(numbers, sum(tail(numbers, 2)))
  numbers
}

cat(fibonacci(10))
cat("\n")
