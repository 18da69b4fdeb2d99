def fibonacci(int count) {
    def numbers = [0, 1]
    while (numbers.size() < count) numbers << numbers[-1] + numbers[-2]
    numbers
}

println fibonacci(10).join(" ")
