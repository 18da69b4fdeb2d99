const text* = "héllo ✓"
