"""The three administrators: accounts and units, roles and locks, the record of actions."""
