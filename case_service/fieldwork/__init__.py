"""What a grid worker does on an order besides the visit: help at once, ask for time, hand over."""
