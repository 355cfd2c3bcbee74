"""How good the models are: what visits found, whom the models miss, and what a limit would cost or bring."""
