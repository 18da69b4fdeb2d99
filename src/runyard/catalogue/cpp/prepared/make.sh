# Precompiles headers: `sh make.sh "iostream vector" g++ FLAG...`, with the flags of the compile
# command. Leaves include/HEADER and include/HEADER.gch.gz for each of them and `sources`, the files
# they were made from.
set -eu
headers=$1
shift

# GCC looks for HEADER.gch before HEADER and takes it for the first include of a file, if the text
# would be the same. compile.sh knows messages out of a precompiled header by the name of this file.
one=precompiled-header
for header in $headers; do
    place=include/$header
    mkdir -p "$(dirname "$place")"
    echo "#include <$header>" >"$one"
    "$@" -x c++-header "$one" -o "$place.gch"
    # A fifth of the size to carry out of the sandbox.
    gzip -1 "$place.gch"
    # For where the precompiled one does not fit: having found one, GCC looks in no other folder.
    printf '#pragma GCC system_header\n#include_next <%s>\n' "$header" >"$place"
done

for header in $headers; do echo "#include <$header>"; done >"$one"
"$@" -x c++ -M "$one" | tr -s ' \\' '\n\n' | grep '^/' >sources
# Any other compiler than the very one that made them refuses the precompiled headers.
"$1" -print-prog-name=cc1plus >>sources
