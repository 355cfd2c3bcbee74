"""Departments' databases: what is new in them is landed as an ordinary delivery before ingest.

Everything after is one path, and the night can be replayed from landing alone.
"""
