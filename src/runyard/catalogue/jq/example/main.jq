def fibonacci($count): [limit($count; [0, 1] | recurse([.[1], .[0] + .[1]]) | .[0])];

fibonacci(10) | map(tostring) | join(" ")
