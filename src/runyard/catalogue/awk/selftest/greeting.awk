function greeting() { return "héllo ✓" }
