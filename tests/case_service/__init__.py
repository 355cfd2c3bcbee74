"""Tests of the case service, all on a real PostgreSQL."""
