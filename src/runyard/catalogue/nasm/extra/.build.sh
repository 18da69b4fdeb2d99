# The arguments are the sources; nasm makes one object of each, ld a program of all.
for source; do
    nasm -f elf64 -o "$source.o" "$source" || exit
    shift
    set -- "$@" "$source.o"
done
exec ld -o .main "$@"
