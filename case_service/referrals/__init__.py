"""Passing cases on to departments, by a table that an administrator keeps, and what departments do with them."""
