"""Signing in and out: passwords, sessions, lockout."""
