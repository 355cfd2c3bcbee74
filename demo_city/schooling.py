"""Students by age, and the aid they receive."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from demo_city.draw import Mask, chosen, days_before, numbered, rows_of, shared_out
from demo_city.period import CityPlan
from demo_city.population import People

STUDENTS, AWARDS = 165, 32
SCHOOLS = {
    "1": ("铜都实验小学", "义乡中心小学", "横港小学", "枞川镇中心小学"),
    "2": ("铜都第三中学", "义乡初级中学", "枞川初级中学", "横港九年制学校"),
    "3": ("铜都第一中学", "枞川中学", "义乡高级中学", "铜都第二中学"),
    "4": ("江南职业技术学校", "铜都中等专业学校", "枞川职业学校", "江南技工学校"),
    "5": ("铜都学院", "江南职业技术学院", "省城大学", "省城师范大学"),
}


def students(plan: CityPlan, people: People, alive: Mask) -> pd.DataFrame:
    """Everybody of school age, and a few older ones, because most study elsewhere.

    The age on the first of September decides the grade.
    """
    rng = plan.random("students")
    began = np.datetime64(f"{plan.year_start.year}-09-01")
    age = ((began - people.born_on).astype(np.int64) / 365.25).astype(np.int64)
    share = np.select(
        [(age >= 6) & (age <= 14), (age >= 15) & (age <= 17), (age >= 18) & (age <= 21)], [0.99, 0.88, 0.07], 0
    )
    person = np.flatnonzero((rng.random(len(people)) < share) & alive)
    age, size = age[person], len(person)
    upper = np.where(rng.random(size) < 0.6, "3", "4")
    stage = np.select([age <= 11, age <= 14, age <= 17], ["1", "2", upper], "5")
    grade = age - np.select([age <= 11, age <= 14, age <= 17], [5, 11, 14], 17)
    schools = np.array([SCHOOLS[code] for code in sorted(SCHOOLS)], object)
    status = np.where(stage <= "2", shared_out(rng, {"1": 0.997, "2": 0.001, "3": 0.001, "4": 0.001}, size), "1")
    return pd.DataFrame({
        "person": person,
        "student_no": pc.binary_join_element_wise("G", people.certno.take(person), "").to_numpy(zero_copy_only=False),
        "term": f"{plan.year_start.year}-1",
        "school_name": schools[stage.astype(np.int64) - 1, rng.integers(0, schools.shape[1], size)],
        "stage": stage,
        "grade": grade,
        "boarding_flag": np.where((stage >= "3") & (rng.random(size) < 0.7), "1", "0"),
        "entered_on": began - ((grade - 1) * 365).astype("timedelta64[D]"),
        "enrolment_status": status,
        "night": 0,
    })  # fmt: skip


def student_aid(plan: CityPlan, people: People, enrolled: pd.DataFrame, assisted: Mask) -> pd.DataFrame:
    """Awards of this term and the two before, mostly to students of assisted families."""
    rng = plan.random("student_aid")
    at = chosen(rng, np.where(assisted[enrolled["person"]], 20.0, 0.6), rows_of(len(people), AWARDS))
    who, size = enrolled.iloc[at], len(at)
    stage = who["stage"].to_numpy()
    day = days_before(np.datetime64(plan.first_night, "D"), rng.integers(3, 60, size))
    return pd.DataFrame({
        "person": who["person"].to_numpy(),
        "aid_no": numbered("ZZ3407", size),
        "aid_item": np.select([stage <= "2", stage < "5"], ["3", "1"], shared_out(rng, {"1": 0.6, "5": 0.4}, size)),
        "term": f"{plan.year_start.year}-1",
        "awarded_on": np.maximum(day, np.datetime64(plan.first_night - timedelta(days=75), "D")),
        "amount": np.select([stage == "1", stage == "2", stage == "5"], [50_000, 62_500, 165_000], 100_000),
        "school_name": who["school_name"].to_numpy(),
        "night": 0,
    })  # fmt: skip
