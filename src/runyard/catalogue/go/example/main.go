package main

import (
	"fmt"
	"strings"
)

func fibonacci(count int) []string {
	numbers := make([]string, 0, count)
	for a, b := 0, 1; len(numbers) < count; a, b = b, a+b {
		numbers = append(numbers, fmt.Sprint(a))
	}
	return numbers
}

func main() {
	fmt.Println(strings.Join(fibonacci(10), " "))
}
