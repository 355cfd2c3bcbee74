"""Taking in warnings: each opens an order, joins an open case, or is withheld for a while."""
