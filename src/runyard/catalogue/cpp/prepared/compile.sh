# Runs a compile command with the precompiled headers: `sh compile.sh g++ WORD...`, in a way that
# nobody can tell from the command by itself.

# To ask for a header before including it makes GCC choose the precompiled one too early.
if grep -qsE -e '__has_include|\.gch|GCC[[:space:]]+dependency' -- "$@"; then exec "$@"; fi

# Before the folders of the system and behind those of the program.
exec 3>&1
said=$("$@" -isystem /opt/prepared/include 2>&1 >&3)
status=$?

# A message about a place inside a header ends its "In file included from" with the file that the
# header was precompiled in instead of the program's, and one about the headers themselves names
# them. A compiler that was killed is to end the step that way.
case $said in
*precompiled-header* | */opt/prepared* | *PCH*) exec "$@" ;;
'') ;;
*) printf '%s\n' "$said" >&2 ;;
esac
[ $status -le 128 ] || exec "$@"
exit $status
