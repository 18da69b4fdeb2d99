const val greeting = "héllo ✓"
