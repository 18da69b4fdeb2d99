let greeting = "héllo ✓"
