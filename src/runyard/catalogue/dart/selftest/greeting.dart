const greeting = 'héllo ✓';
