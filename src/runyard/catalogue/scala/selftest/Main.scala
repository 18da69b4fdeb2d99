package app

object Main {
  def main(args: Array[String]): Unit = println(Greeting.text)
}
