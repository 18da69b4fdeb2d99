# Prints client, path, status and bytes of each request in a log.
requests() {
  local line pattern='^([^ ]+) [^"]*"[A-Z]+ ([^ ?"]+)[^"]*" ([0-9]{3}) ([0-9]+|-)'
  while IFS= read -r line; do
    [[ $line =~ $pattern ]] || continue
    echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]} ${BASH_REMATCH[3]} ${BASH_REMATCH[4]/#-/0}"
  done <"$1"
}
