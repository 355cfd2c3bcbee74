"""How the service does, for Prometheus and for logs: counts that name nobody."""
