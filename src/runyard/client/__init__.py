"""The SDK: talks to a Runyard server over HTTP and imports nothing of it."""
