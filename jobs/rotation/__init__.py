"""Putting new keys to use: person keys made anew in every table, the vault sealed anew."""
