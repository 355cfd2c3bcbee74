"""How open work orders stand against their clocks, for the pipeline's follow-up by day."""
