greeting <- "héllo ✓"
