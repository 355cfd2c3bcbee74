"""Ten cities, one after another, so that no more than one is ever in memory.

Each is an installation's home of its own, `<home>/<city code>`: a department of one city never says
anything of another, and a whole register of one must not delete the people of another.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from demo_city.build import build
from demo_city.period import CITY_CODE, CityPlan
from schemas.delivery import Manifest

# The first is real; the others lie between the codes that GB/T 2260 gives to prefectures of the province and have
# the real one's villages under codes of their own.
CITY_CODES = (CITY_CODE, *(str(code) for code in range(3471, 3480)))


def plans_of_cities(plan: CityPlan) -> Iterator[CityPlan]:
    """A plan for each city, with its own seed and its own code."""
    for nth, code in enumerate(CITY_CODES):
        yield replace(plan, seed=plan.seed + nth, city_code=code)


def build_province(
    home: Path, plan: CityPlan, progress: Callable[[str], None]
) -> Iterator[tuple[Path, CityPlan, list[Manifest]]]:
    """Build the cities in order, each as large as the plan says; yields each when it is whole."""
    for nth, city_plan in enumerate(plans_of_cities(plan), start=1):
        home_of_city = home / city_plan.city_code

        def told(step: str, nth: int = nth, code: str = city_plan.city_code) -> None:
            progress(f"city {code}, {nth} of {len(CITY_CODES)}: {step}")

        yield home_of_city, city_plan, build(home_of_city, city_plan, told)
