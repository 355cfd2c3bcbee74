"""Backup and restore of what the pipeline keeps: landed files, the warehouse, and what belongs to the home."""
