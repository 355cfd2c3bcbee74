"""A made-up city with known truth, and the untidy deliveries of its departments."""
