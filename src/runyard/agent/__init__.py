"""The server half of the protocol that agent/PROTOCOL.md describes."""
