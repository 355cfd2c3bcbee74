"""Figures for a desk and for a wall: what is under way, what came of it, and how fresh the data is."""
