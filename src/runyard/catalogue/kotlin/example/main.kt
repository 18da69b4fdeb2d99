fun fibonacci() = generateSequence(Pair(0L, 1L)) { (a, b) -> Pair(b, a + b) }.map { it.first }

fun main() {
    println(fibonacci().take(10).joinToString(" "))
}
