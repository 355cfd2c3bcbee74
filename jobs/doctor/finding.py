"""What a check says."""

from dataclasses import dataclass
from typing import Literal

State = Literal["well", "doubtful", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. Unless all is well, `said` tells who must do what."""

    check: str
    state: State
    said: str
