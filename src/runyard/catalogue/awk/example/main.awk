function fibonacci(count,    a, b, i, line) {
    b = 1
    for (i = 0; i < count; i++) {
        line = line (i ? " " : "") a + 0
        b = a + b
        a = b - a
    }
    return line
}

BEGIN { print fibonacci(10) }
