"""How fast the pipeline is, and against whom. Nothing of the product imports this."""
