"""Who is who: changed numbers, rows without a usable number, and what a person decided about either."""
