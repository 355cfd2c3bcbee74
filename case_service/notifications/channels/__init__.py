"""The ways out: each speaks its provider's own shapes, and says what the provider's answer means."""
