return "héllo ✓"
