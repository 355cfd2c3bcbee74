"""Bringing what is kept under a key to the next one."""
