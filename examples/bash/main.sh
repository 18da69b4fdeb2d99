# Reports what a web server's log says.
# Run it: runyard run examples/bash
set -euo pipefail
cd "$(dirname "$0")"

. ./report.sh
. ./parse.sh

requests access.log | {
  total=0
  declare -A by_status=() by_path=() bytes_by_client=()
  while read -r client path status bytes; do
    ((total += 1))
    by_status[$status]=$((${by_status[$status]:-0} + 1))
    by_path[$path]=$((${by_path[$path]:-0} + 1))
    bytes_by_client[$client]=$((${bytes_by_client[$client]:-0} + bytes))
  done

  echo "$total requests"
  table "by status" by_status
  table "by path" by_path
  table "bytes by client" bytes_by_client
}
