"""What the product does; knows ports, not HTTP or SQL."""
