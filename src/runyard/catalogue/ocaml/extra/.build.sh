# The arguments are the sources; ocamldep puts them into the order that ocamlopt needs.
# shellcheck disable=SC2046
exec ocamlopt -I . -o .main $(ocamldep -sort "$@")
