-module(main).
-export([main/0]).

main() ->
    Shown = [integer_to_list(Number) || Number <- fibonacci(10, 0, 1)],
    io:format("~s~n", [lists:join(" ", Shown)]).

fibonacci(0, _, _) -> [];
fibonacci(Count, A, B) -> [A | fibonacci(Count - 1, B, A + B)].
