"""Work orders: how they move, when they are due, how they are shown."""
