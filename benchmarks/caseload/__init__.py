"""A case service at the size of a city: filled, driven over HTTP, and held against bare endpoints."""
