package warm

// A program with what most have, to be compiled while the archive is made. It never runs.
interface Shape {
    val area: Double
}

data class Circle(val radius: Double) : Shape {
    override val area get() = Math.PI * radius * radius
}

fun fibonacci(n: Int): Int = if (n < 2) n else fibonacci(n - 1) + fibonacci(n - 2)

fun main() {
    val groups = mutableMapOf<String, MutableList<Int>>()
    for ((index, number) in listOf(3, 1, 2).withIndex()) {
        groups.getOrPut("k$index") { mutableListOf() }.add(number)
    }
    val line = readLine()?.trim() ?: ""
    when {
        line.isEmpty() -> println(groups.values.flatten().filter { it > 1 }.joinToString())
        else -> println("${fibonacci(10)} ${Circle(1.5).area} ${line.toIntOrNull()}")
    }
    try {
        require(groups.isNotEmpty())
    } catch (error: IllegalArgumentException) {
        println(error.message)
    }
}
