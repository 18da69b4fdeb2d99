# Prints a heading and an associative array, the largest value first.
table() {
  local heading=$1 key
  local -n values=$2
  printf '\n%s\n' "$heading"
  for key in "${!values[@]}"; do
    printf '%s\t%s\n' "${values[$key]}" "$key"
  done | sort -k1,1nr -k2 | while IFS=$'\t' read -r value key; do
    printf '  %6d  %s\n' "$value" "$key"
  done
}
