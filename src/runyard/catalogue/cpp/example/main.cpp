#include <iostream>
#include <vector>

std::vector<long> fibonacci(std::size_t count) {
    std::vector<long> numbers{0, 1};
    while (numbers.size() < count) numbers.push_back(numbers.back() + numbers.end()[-2]);
    return numbers;
}

int main() {
    const char *gap = "";
    for (long number : fibonacci(10)) {
        std::cout << gap << number;
        gap = " ";
    }
    std::cout << '\n';
}
