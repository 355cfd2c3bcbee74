"""The next year's official calendar, imported from the State Council's notice, and the city's own days off."""
