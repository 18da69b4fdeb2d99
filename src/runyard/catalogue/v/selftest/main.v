fn main() {
	println(greeting)
}
