"""Rows without a usable number: who they may be about is proposed, a person decides, and nothing is rewritten."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.conform import conform, ensure_conformed
from jobs.errors import DecisionError
from jobs.ingest import ingest_department
from jobs.installation import Installation
from jobs.people.decisions import Verdict, decisions, record, standing_decisions
from jobs.people.likeness import LinkageMissingError
from jobs.people.residual_rows import readable_number
from jobs.people.review import candidates, decide, review, to_decide
from jobs.settings import Settings
from schemas.delivery import departments_with_deliveries
from tests.forked_commands import shouwang
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import identity_number, on_dibao, registered, settlement
from tests.warehouse.test_layers_on_both_engines import rows_of

NOW = datetime.fromisoformat("2026-11-20T09:00:00")
NAMES = [surname + given for surname in "赵钱孙李周吴" for given in ("建国", "秀英", "志强", "桂兰", "婷", "海波")]
MASKED = identity_number(5)[:6] + "********" + identity_number(5)[14:]


def mistyped(n: int) -> str:
    """The number of person n with one digit wrong, so that its check character does not fit."""
    number = identity_number(n)
    return number[:15] + str((int(number[15]) + 1) % 10) + number[16:]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """36 people; a bill with a masked number, one with a mistyped one, and one of somebody nobody knows."""
    home = tmp_path_factory.mktemp("review")
    installation = Installation(Settings(mode="demo", home=home, case_service_url="http://127.0.0.1:9"))
    landing = installation.settings.landing_folder
    deliver(landing, "household_register", [registered(n, psn_name=name) for n, name in enumerate(NAMES)])
    bills = [settlement(n, setl_id=f"S{n}-{at}", psn_name=NAMES[n]) for n in range(10, 36) for at in (1, 2)]
    unusable = [
        settlement(5, setl_id="S-masked", certno=MASKED, psn_name=NAMES[5]),
        settlement(6, setl_id="S-mistyped", certno=mistyped(6), psn_name=NAMES[6]),
        settlement(7, setl_id="S-unknown", certno="3301**********9999", psn_name="欧阳修"),
    ]
    deliver(landing, "inpatient_settlement", [*bills, *unusable])
    ingest_with_rejects(installation, NIGHT_1)
    conform(installation, NIGHT_1)
    review(installation, NIGHT_1)
    return installation


@pytest.fixture
def reviewed(city: Installation) -> Iterator[Installation]:
    """The city with nothing decided, and both candidates listed."""
    yield city
    for item in standing_decisions(city, NIGHT_2):
        record(city, replace(item, verdict="withdrawn", decided_at=item.decided_at + timedelta(hours=1)))
    if len(candidates(city)) != 2:
        review(city, NIGHT_1)


def ingest_with_rejects(installation: Installation, day: date) -> None:
    for department in departments_with_deliveries(installation.settings.landing_folder, day):
        for line in ingest_department(installation, department, day):
            assert line.status == "ingested", line


def key(installation: Installation, n: int) -> str:
    return installation.pseudonymiser.person_key(identity_number(n))


def candidate_for(installation: Installation, n: int) -> dict[str, Any]:
    [found] = [row for row in candidates(installation) if row["person_key"] == key(installation, n)]
    return found


def decide_on(installation: Installation, n: int, verdict: Verdict, day: date = NIGHT_1) -> None:
    at = NOW + timedelta(days=len(decisions(installation)))
    subject = candidate_for(installation, n)["subject_key"]
    decide(installation, (subject, key(installation, n)), verdict, "同一人, 已核对原件", "审核员甲", at, day)


def counted(installation: Installation, n: int, day: date) -> int:
    ensure_conformed(installation, day)
    years = {row["person_key"]: row["inpatient_count"] for row in rows_of(installation, "dws.medical_year")}
    return int(years.get(key(installation, n), 0))


def test_the_right_people_are_proposed_with_score_and_reason(reviewed: Installation) -> None:
    found = {row["person_key"]: row for row in candidates(reviewed)}
    assert found.keys() == {key(reviewed, 5), key(reviewed, 6)}
    masked, typed = found[key(reviewed, 5)], found[key(reviewed, 6)]
    assert masked["score"] > 0.9
    assert typed["score"] > 0.9
    assert (masked["reason_zh"], masked["reason_en"]) == (
        "姓名相同、身份证号可读部分相符", "same name, the readable part of the number agrees",
    )  # fmt: skip
    assert "身份证号只差一个字符" in typed["reason_zh"]
    assert (masked["extract_class"], masked["line"]) == ("inpatient_settlement", 54)


def test_nothing_that_identifies_anybody_is_written(reviewed: Installation) -> None:
    names = ("quarantine.link_candidate", "quarantine.linked_row")
    text = json.dumps([rows_of(reviewed, name) for name in names], default=str, ensure_ascii=False)
    assert not [word for word in (*NAMES, MASKED, "欧阳修") if word in text]
    assert not [n for n in range(36) if identity_number(n) in text]


def test_what_a_person_accepts_counts_and_what_they_withdraw_counts_no_more(reviewed: Installation) -> None:
    before = rows_of(reviewed, "ods.inpatient_settlement")
    assert counted(reviewed, 5, NIGHT_1) == 0
    decide_on(reviewed, 5, "accepted")
    assert counted(reviewed, 5, NIGHT_1) == 1
    [link] = rows_of(reviewed, "dwd.person_link")
    assert (link["kind"], link["standing"], link["person_key"]) == ("reviewed", "followed", key(reviewed, 5))
    assert link["source_line"] == 54
    decide_on(reviewed, 5, "withdrawn")
    assert counted(reviewed, 5, NIGHT_1) == 0
    assert rows_of(reviewed, "ods.inpatient_settlement") == before


def test_a_decision_is_known_from_its_date_on(reviewed: Installation) -> None:
    deliver(reviewed.settings.landing_folder, "dibao", [on_dibao(20)], NIGHT_2)
    ingest_with_rejects(reviewed, NIGHT_2)
    decide_on(reviewed, 6, "accepted", NIGHT_2)
    assert counted(reviewed, 6, NIGHT_2) == 1
    assert counted(reviewed, 6, NIGHT_1) == 0


def test_a_row_of_a_snapshot_is_gone_with_the_next_snapshot(installation: Installation) -> None:
    landing = installation.settings.landing_folder
    deliver(landing, "household_register", [registered(n, psn_name=name) for n, name in enumerate(NAMES)])
    right = [on_dibao(n) for n in range(10, 36)]
    deliver(landing, "dibao", [*right, on_dibao(5, certno=MASKED, psn_name=NAMES[5])])
    deliver(landing, "dibao", right, NIGHT_2)
    ingest_with_rejects(installation, NIGHT_1)
    review(installation, NIGHT_1)
    decide_on(installation, 5, "accepted")
    conform(installation, NIGHT_1)
    assert key(installation, 5) in {row["person_key"] for row in rows_of(installation, "dws.assistance_tier")}
    ingest_with_rejects(installation, NIGHT_2)
    conform(installation, NIGHT_2)
    assert key(installation, 5) not in {row["person_key"] for row in rows_of(installation, "dws.assistance_tier")}


def test_what_was_rejected_is_not_proposed_again(reviewed: Installation) -> None:
    decide_on(reviewed, 5, "rejected")
    review(reviewed, NIGHT_1)
    assert {row["person_key"] for row in candidates(reviewed)} == {key(reviewed, 6)}


def test_only_what_is_listed_can_be_decided_and_only_with_a_reason(reviewed: Installation) -> None:
    subject = candidate_for(reviewed, 5)["subject_key"]
    with pytest.raises(DecisionError, match="not on the review list"):
        decide(reviewed, (subject, key(reviewed, 9)), "accepted", "同一人", "甲", NOW, NIGHT_1)
    with pytest.raises(DecisionError, match="Give a reason"):
        decide(reviewed, (subject, key(reviewed, 5)), "accepted", " ", "甲", NOW, NIGHT_1)
    with pytest.raises(DecisionError, match="nothing can be withdrawn"):
        decide(reviewed, (subject, key(reviewed, 5)), "withdrawn", "重查", "甲", NOW, NIGHT_1)


def test_two_numbers_of_one_person_are_joined_by_a_persons_word(installation: Installation) -> None:
    landing = installation.settings.landing_folder
    same = {"household_no": "H1", "relation_code": "02", "sex": "1", "born_on": "1960-01-01"}
    deliver(landing, "household_register", [registered(n, **same) for n in (1, 2)])
    deliver(landing, "inpatient_settlement", [settlement(1), settlement(2)])
    ingest_with_rejects(installation, NIGHT_1)
    conform(installation, NIGHT_1)
    [listed] = to_decide(installation, NIGHT_1)
    assert listed["kind"] == "possible_duplicate"
    pair = (key(installation, 1), key(installation, 2))
    decide(installation, pair, "accepted", "派出所确认一人两号", "审核员甲", NOW, NIGHT_1)
    assert counted(installation, 2, NIGHT_1) == 2
    assert to_decide(installation, NIGHT_1) == []


def test_the_command_line_reviews_lists_and_decides(reviewed: Installation) -> None:
    home = reviewed.settings.home
    [listed, *_] = said(home, "people", "list")["review"]
    words = (listed["subject_key"], listed["person_key"], "--reason", "已核对", "--by", "审核员甲")
    decided = said(home, "people", "accept", *words, "--date", NIGHT_1.isoformat())
    assert (decided["verdict"], decided["in_force_from"]) == ("accepted", NIGHT_1.isoformat())
    assert said(home, "people", "review", "--date", NIGHT_1.isoformat())["rows"] == 2


def said(home: Path, *words: str) -> dict[str, Any]:
    environment = {"SHOUWANG_MODE": "demo", "SHOUWANG_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home)}
    done = shouwang(*words, "--json", env=environment)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_without_splink_it_is_said_what_to_install(reviewed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(LinkageMissingError, match=r"pip install \"shouwang\[linkage\]\""):
        review(reviewed, NIGHT_1)


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ("340702********1234", (None, "340702", "1234")),
        ("3407XXXXXXXXXX123x", (None, "3407", "123X")),
        ("340702199001011000", (None, "340702199001011", "")),
        ("3.40702199E+17", (None, "340702199", "")),
        (" 34070219900101123x", ("34070219900101123X", None, None)),
        ("不详", (None, None, None)),
        ("", (None, None, None)),
    ],
)
def test_what_can_be_read_of_an_unusable_number_is_used(text: str, readable: tuple[str | None, ...]) -> None:
    assert readable_number(text) == readable
