"""Claims executions and runs them."""
