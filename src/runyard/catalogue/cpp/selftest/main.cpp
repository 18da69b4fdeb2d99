#include <iostream>

#include "greeting.hpp"

int main() { std::cout << greeting() << '\n'; }
