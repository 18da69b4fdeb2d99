set greeting "héllo ✓"
