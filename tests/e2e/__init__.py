"""What a user does, with a real server as a process of its own."""
