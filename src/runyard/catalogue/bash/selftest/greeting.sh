greeting="héllo ✓"
