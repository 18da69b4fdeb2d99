package app

object Greeting {
  val text = "héllo ✓"
}
