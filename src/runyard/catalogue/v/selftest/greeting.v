const greeting = 'héllo ✓'
