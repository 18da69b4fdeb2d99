fn fibonacci(count int) []string {
	mut numbers := []string{}
	mut a, mut b := 0, 1
	for _ in 0 .. count {
		numbers << a.str()
		a, b = b, a + b
	}
	return numbers
}

fn main() {
	println(fibonacci(10).join(' '))
}
