"""What a grid worker's phone takes along, and what waits on it, for the hours without signal."""
