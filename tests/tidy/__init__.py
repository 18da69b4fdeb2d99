"""Properties of the code itself: sizes, names, contents, documents in step."""
