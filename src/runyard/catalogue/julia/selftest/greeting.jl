const GREETING = "héllo ✓"
