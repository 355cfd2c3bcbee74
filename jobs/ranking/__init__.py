"""The score of need: which of the warnings as urgent as each other is visited first. It orders and never withholds."""
