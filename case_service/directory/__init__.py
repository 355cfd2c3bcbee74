"""The directory: units from the shipped divisions, grids and staff from the city's files."""
