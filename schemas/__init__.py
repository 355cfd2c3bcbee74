"""The promises: what departments deliver, what the pipeline and the case service say to each other."""
