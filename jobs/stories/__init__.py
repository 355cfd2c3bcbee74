"""The whole story of a warning: what was claimed on what grounds, and what happened next."""
