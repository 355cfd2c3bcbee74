"""Who is no longer in the household register: the dead of three years, and those who moved away.

They stand behind the living in `everyone`. A few of the living die in the days around the first
night; the register still has them, because the family has not reported the death yet.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from demo_city.changed_numbers import ChangedNumbers, number_events
from demo_city.draw import Mask, Places, chosen, days_before, numbered, rows_of, shared_out
from demo_city.identity_numbers import identity_numbers
from demo_city.moving import move_events
from demo_city.names import person_names
from demo_city.period import CityPlan, Days, night_known
from demo_city.planted import Planted
from demo_city.population import People

DEATHS, MOVED_AWAY, MOVED_HERE, BIRTHS = 34, 7, 6, 7
DEATH_WINDOW_DAYS = 3 * 365
LATE_DAYS = 4
CREMATED_SHARE, CERTIFIED_SHARE = 0.96, 0.97
# Where the living count their sequence numbers from the start, the departed count from here.
FIRST_SEQUENCE = 250
DEATH_PLACES = {"1": 0.35, "2": 0.03, "3": 0.55, "4": 0.05, "9": 0.02}
CAUSES = {"09": 0.45, "02": 0.25, "10": 0.1, "20": 0.06, "04": 0.04, "11": 0.03, "01": 0.02, "14": 0.02, "99": 0.03}
FUNERAL_HOMES = ("铜都殡仪馆", "义乡殡仪馆", "枞川殡仪馆")
CERTIFIERS = ("铜都第一人民医院", "江南中医院", "枞川县人民医院", "老洲镇中心卫生院", "横港社区卫生服务中心")
OTHER_PLACES = ("安徽省合肥市包河区", "安徽省芜湖市镜湖区", "江苏省南京市江宁区", "浙江省杭州市余杭区", "上海市松江区")


@dataclass(frozen=True)
class Departed:
    """Everyone the departments know by number, and who of them died when."""

    everyone: People
    dead: Places
    died_on: Days
    is_late: Mask
    is_planted: Mask
    moved: Places
    moved_on: Days

    def still_alive(self, people: int) -> Mask:
        """Who of the registered people has not died."""
        alive = np.ones(people, np.bool_)
        alive[self.dead[self.is_late]] = False
        return alive


def departed_people(plan: CityPlan, people: People, may_die: Mask, planted: Planted) -> Departed:
    """Draw those who are gone; the late dead come from those who may die without contradicting a fact.

    The planted dead are late too: the register still has them.
    """
    rng = plan.random("departed")
    dead, moved = rows_of(len(people), DEATHS), rows_of(len(people), MOVED_AWAY)
    late_days = LATE_DAYS + plan.nights - 2
    late = chosen(rng, may_die, max(2, round(dead * (late_days + 1) / DEATH_WINDOW_DAYS)))
    first = np.datetime64(plan.first_night, "D")
    died_on = days_before(first, rng.integers(9, DEATH_WINDOW_DAYS, dead - len(late)))
    moved_on = days_before(first, rng.integers(3, 365, moved))
    gone = len(died_on) + moved
    age = np.r_[np.clip(np.rint(rng.normal(77, 12, len(died_on))), 0, 103), rng.integers(18, 60, moved)].astype(
        np.int64
    )
    everyone = _with_gone(rng, people, np.minimum(age, 103), np.r_[died_on, moved_on], plan.city_code)
    late_died_on = days_before(np.datetime64(plan.last_night, "D"), rng.integers(1, max(2, late_days), len(late)))
    places = len(people) + np.arange(gone)
    return Departed(
        everyone=everyone,
        dead=np.r_[late, planted.dead, places[: len(died_on)]],
        died_on=np.r_[late_died_on, planted.died_on, died_on],
        is_late=np.r_[np.ones(len(late) + len(planted.dead), np.bool_), np.zeros(len(died_on), np.bool_)],
        is_planted=np.r_[
            np.zeros(len(late), np.bool_), np.ones(len(planted.dead), np.bool_), np.zeros(len(died_on), np.bool_)
        ],
        moved=places[len(died_on) :],
        moved_on=moved_on,
    )


def _with_gone(
    rng: np.random.Generator, people: People, age: npt.NDArray[np.int64], left_on: Days, city_code: str
) -> People:
    size = len(age)
    was_with = chosen(rng, ~people.is_named, size)
    if len(was_with) < size:
        was_with = rng.choice(was_with, size)
    is_male = rng.random(size) < 0.52
    lived = (age * 365.25).astype(np.int64) + rng.integers(20, 340, size)
    born_on = left_on - lived.astype("timedelta64[D]")
    born_on = np.maximum(born_on, np.datetime64("1900-02-01", "D"))
    taken = pa.array(was_with)
    return People(
        household=np.r_[people.household, people.household[was_with]],
        age=np.r_[people.age, age],
        is_male=np.r_[people.is_male, is_male],
        born_on=np.r_[people.born_on, born_on],
        is_named=np.r_[people.is_named, np.zeros(size, np.bool_)],
        village=np.r_[people.village, people.village[was_with]],
        grid=np.r_[people.grid, people.grid[was_with]],
        certno=_after(people.certno, identity_numbers(rng, born_on, is_male, FIRST_SEQUENCE, city_code)),
        psn_name=_after(people.psn_name, person_names(rng, is_male, np.arange(size), size)),
        relation_code=_after(people.relation_code, people.relation_code.take(taken)),
        marital_code=_after(people.marital_code, people.marital_code.take(taken)),
        ethnicity=_after(people.ethnicity, people.ethnicity.take(taken)),
        phone=_after(people.phone, people.phone.take(taken)),
        address=_after(people.address, people.address.take(taken)),
        household_no=_after(people.household_no, people.household_no.take(taken)),
        grids=people.grids,
        village_codes=people.village_codes,
    )


def _after(living: pa.Array, gone: pa.Array) -> pa.Array:
    whole = pa.chunked_array([living, gone]) if isinstance(living, pa.Array) else living
    return whole.combine_chunks()


def death_certificates(plan: CityPlan, departed: Departed) -> pd.DataFrame:
    """Most deaths are certified within three days."""
    rng = plan.random("death_certificates")
    kept = (rng.random(len(departed.dead)) < CERTIFIED_SHARE) | departed.is_planted
    died_on = departed.died_on[kept]
    size = len(died_on)
    frame = pd.DataFrame({
        "person": departed.dead[kept],
        "died_on": died_on,
        "issued_on": died_on + rng.integers(0, 3, size).astype("timedelta64[D]"),
        "death_place": shared_out(rng, DEATH_PLACES, size),
        "cause_chapter": shared_out(rng, CAUSES, size),
        "issued_by": rng.choice(CERTIFIERS, size),
    })  # fmt: skip
    return _known_in_time(plan, frame, "issued_on", "certificate_no", "SW3407")


def cremations(plan: CityPlan, departed: Departed) -> pd.DataFrame:
    """Most of the dead are cremated two to four days after."""
    rng = plan.random("cremations")
    kept = (rng.random(len(departed.dead)) < CREMATED_SHARE) | departed.is_planted
    died_on = departed.died_on[kept]
    size = len(died_on)
    frame = pd.DataFrame({
        "person": departed.dead[kept],
        "died_on": died_on,
        "cremated_on": died_on + rng.integers(1, 5, size).astype("timedelta64[D]"),
        "death_source": shared_out(rng, {"1": 0.7, "2": 0.03, "3": 0.27}, size),
        "funeral_home": rng.choice(FUNERAL_HOMES, size),
    })  # fmt: skip
    return _known_in_time(plan, frame, "cremated_on", "cremation_no", "HH3407")


def register_events(
    plan: CityPlan, people: People, departed: Departed, changes: pd.DataFrame, changed: ChangedNumbers
) -> pd.DataFrame:
    """Deaths cancelled weeks later, moves from, to and within the city, births and changed numbers."""
    rng = plan.random("register_events")
    parts = [
        _cancelled(rng, plan, departed),
        _moves(rng, plan, people, departed),
        _births(plan, people),
        move_events(plan, changes),
        number_events(plan, changed),
    ]
    frame = pd.concat(parts, ignore_index=True).fillna({"other_place": "", "old_certno": ""})
    return _known_in_time(plan, frame, "event_date", "event_no", "BD3407")


def _cancelled(rng: np.random.Generator, plan: CityPlan, departed: Departed) -> pd.DataFrame:
    """Who is gone from the register was cancelled before the first night; the late dead are cancelled after it."""
    first = np.datetime64(plan.first_night, "D")
    lag = rng.integers(3, 90, len(departed.dead)).astype("timedelta64[D]")
    before = np.minimum(departed.died_on + lag, first - 1)
    after = np.maximum(departed.died_on + lag // 20, first)
    return pd.DataFrame({
        "person": departed.dead,
        "event_kind": "1",
        "happened_on": departed.died_on,
        "event_date": np.where(departed.is_late, after, before),
    })  # fmt: skip


def _moves(rng: np.random.Generator, plan: CityPlan, people: People, departed: Departed) -> pd.DataFrame:
    first = np.datetime64(plan.first_night, "D")
    here = chosen(rng, (people.age >= 18) & (people.age < 60) & ~people.is_named, rows_of(len(people), MOVED_HERE))
    person = np.r_[departed.moved, here]
    moved_on = np.r_[departed.moved_on, days_before(first, rng.integers(3, 365, len(here)))]
    return pd.DataFrame({
        "person": person,
        "event_kind": np.r_[np.full(len(departed.moved), "3"), np.full(len(here), "2")],
        "happened_on": moved_on,
        "event_date": moved_on + rng.integers(0, 3, len(person)).astype("timedelta64[D]"),
        "other_place": rng.choice(OTHER_PLACES, len(person)),
    })  # fmt: skip


def _births(plan: CityPlan, people: People) -> pd.DataFrame:
    """Children born within the year before, entered two weeks later."""
    since = np.datetime64(plan.first_night - timedelta(days=365), "D")
    person = np.flatnonzero(people.born_on >= since)[: rows_of(len(people), BIRTHS)]
    born_on = people.born_on[person]
    return pd.DataFrame({
        "person": person,
        "event_kind": "4",
        "happened_on": born_on,
        "event_date": np.minimum(born_on + np.timedelta64(14, "D"), np.datetime64(plan.first_night, "D") - 1),
    })  # fmt: skip


def _known_in_time(plan: CityPlan, frame: pd.DataFrame, known_by: str, number: str, prefix: str) -> pd.DataFrame:
    """Number the rows by the day on which they became known; what is known only later is left out."""
    frame = frame[frame[known_by] < np.datetime64(plan.last_night, "D")]
    frame = frame.sort_values([known_by, "person"], kind="stable", ignore_index=True)
    frame["night"] = night_known(plan, frame[known_by].to_numpy("datetime64[D]"))
    frame[number] = numbered(prefix, len(frame))
    return frame
