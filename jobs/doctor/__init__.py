"""What is wrong with an installation before a night finds out, and who must do what."""

from jobs.doctor.examination import examine
from jobs.doctor.finding import Finding

__all__ = ["Finding", "examine"]
