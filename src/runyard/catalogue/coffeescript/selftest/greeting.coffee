exports.greeting = "héllo ✓"
