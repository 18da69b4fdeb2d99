func fibonacci(_ count: Int) -> [Int] {
    var numbers = [0, 1]
    while numbers.count < count {
        numbers.append(numbers[numbers.count - 1] + numbers[numbers.count - 2])
    }
    return numbers
}

print(fibonacci(10).map(String.init).joined(separator: " "))
