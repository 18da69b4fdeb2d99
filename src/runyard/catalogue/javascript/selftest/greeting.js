exports.greeting = "héllo ✓";
