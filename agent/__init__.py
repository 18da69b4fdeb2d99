"""The C program inside every sandbox, its build and its tests."""
