"""Control visits: households drawn by lot of whom no warning tells, so that whom the models miss can be estimated."""
