"""The case service: warnings come in, grid workers visit, outcomes go back."""
