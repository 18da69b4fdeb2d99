fibonacci() {
  local a=0 b=1 i
  for ((i = 0; i < $1; i++)); do
    echo "$a"
    ((b = a + b, a = b - a))
  done
}

fibonacci 10 | paste -sd ' '
