"""Hostile programs against the real sandbox; each is shown to be real outside it as well."""
