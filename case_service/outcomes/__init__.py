"""Handing the outcomes of visits back to the pipeline."""
