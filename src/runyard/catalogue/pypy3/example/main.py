def fibonacci():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b


print(*(number for number, _ in zip(fibonacci(), range(10))))
