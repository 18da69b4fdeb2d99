-module(main).
-export([main/0]).

main() ->
    io:setopts([{encoding, unicode}]),
    io:format("~ts~n", [greeting:text()]).
