"""How many control visits a night asks for: a dated and sourced file, of which nobody has one unless they make it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args

from pydantic import TypeAdapter, ValidationError

from jobs.errors import SettingsError
from jobs.settings import Settings
from warning_models.loader import ModelError, Parameter, read_yaml

Stratum = Literal["near_limit", "never_warned"]
STRATA: tuple[Stratum, ...] = get_args(Stratum)
DEMO_PLAN = Path(__file__).parent / "demo.yaml"


@dataclass(frozen=True)
class ControlPlan:
    """Visits a night in each stratum; `band` is the share of a limit from which a household stands just under it."""

    visits: Mapping[Stratum, int]
    band: Decimal

    @property
    def is_on(self) -> bool:
        return any(self.visits.values())


OFF = ControlPlan(dict.fromkeys(STRATA, 0), Decimal(1))


def control_plan(settings: Settings, on: date) -> ControlPlan:
    """The plan in force on a day: of the file that the settings name, of the demo's own, else none.

    Raises SettingsError where the file cannot be used.
    """
    file = settings.controls or (DEMO_PLAN if settings.mode == "demo" else None)
    if file is None:
        return OFF
    try:
        parameters = TypeAdapter(dict[str, Parameter]).validate_python(read_yaml(file))
    except (ModelError, ValidationError) as problem:
        raise SettingsError(f"SHOUWANG_CONTROLS, {file}: {problem}") from problem
    values = {name: parameters[name].value_on(on) if name in parameters else None for name in (*STRATA, "band")}
    missing = sorted(name for name, value in values.items() if value is None)
    if missing:
        raise SettingsError(f"SHOUWANG_CONTROLS, {file}: {', '.join(missing)} has no value on {on}; add one")
    return ControlPlan({stratum: int(str(values[stratum])) for stratum in STRATA}, Decimal(str(values["band"])))
