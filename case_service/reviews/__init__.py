"""Findings that might end or reduce a benefit: apart from all that opens help, and decided by people alone."""
