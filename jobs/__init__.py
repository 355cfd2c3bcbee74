"""The verbs: programs that run without Airflow, one business date at a time."""
