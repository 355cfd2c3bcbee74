"""Visits: the form, what it takes, and what recording one writes."""
