def fibonacci(count: int) -> list[int]:
    numbers, a, b = [], 0, 1
    while len(numbers) < count:
        numbers.append(a)
        a, b = b, a + b
    return numbers


print(*fibonacci(10))
