object Main {
  lazy val fibonacci: Stream[Int] = 0 #:: 1 #:: fibonacci.zip(fibonacci.tail).map(p => p._1 + p._2)

  def main(args: Array[String]): Unit = println(fibonacci.take(10).mkString(" "))
}
