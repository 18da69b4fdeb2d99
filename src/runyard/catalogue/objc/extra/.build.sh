# The arguments are the sources; gnustep-config knows this GNUstep's flags, one per word.
flags=$(gnustep-config --objc-flags) && libraries=$(gnustep-config --base-libs) || exit
# shellcheck disable=SC2086
exec gcc $flags -o .main "$@" $libraries
