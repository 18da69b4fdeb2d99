"""Records of executions in SQLite or PostgreSQL."""
