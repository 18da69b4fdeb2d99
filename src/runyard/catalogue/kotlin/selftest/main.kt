fun main() {
    println(greeting)
}
