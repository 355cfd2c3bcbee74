"""What is wrong with an installation before a night finds out, and who must do what."""

from jobs.doctor.examination import Finding, examine

__all__ = ["Finding", "examine"]
