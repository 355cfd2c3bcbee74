"""The supervisor's view: how work stands by unit, what is late, what still has nobody."""
