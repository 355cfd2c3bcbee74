"""The interface for programs on behalf of staff, at /api/v1: resources, entity tags, changes that can be repeated."""
