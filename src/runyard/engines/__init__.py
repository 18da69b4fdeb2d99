"""One folder per kind of platform that can run code."""
