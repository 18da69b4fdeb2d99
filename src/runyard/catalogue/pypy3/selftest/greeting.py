GREETING = "héllo ✓"
