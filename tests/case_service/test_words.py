"""Every word on the screens stands in both languages, and every word that stands is used."""

import re
from pathlib import Path
from string import Formatter

import pytest

from case_service.cases.timeline import WORDED_EVENTS
from case_service.forms_posted import TOKEN_FIELD
from case_service.orders.routes import PURPOSES
from case_service.problems import WORDED
from case_service.supervision.export import COLUMNS
from case_service.supervision.queries import Standing
from case_service.tables.casework import CaseStatus, OrderKind, OrderStatus
from case_service.tables.people import Role
from case_service.tables.referrals import HandlingResult, HelpKind
from case_service.visits.form_definition import FORMS_FOLDER, form_definition
from case_service.web import TEMPLATES_FOLDER
from case_service.words import WORDS
from schemas.messages import Earning, Level, Need, OutcomeKind, SourceStatus

CODE = Path(__file__).parents[2] / "case_service"
BUILT = (
    {f"outcome.{one}" for one in OutcomeKind}
    | {f"outcome_hint.{one}" for one in OutcomeKind}
    | {f"level.{one}" for one in Level}
    | {f"role.{one}" for one in Role}
    | {f"supervision.{one}" for one in Standing}
    | {f"freshness.{one}" for one in SourceStatus}
    | {f"household.{one}" for one in (*Need, *Earning)}
    | {f"purpose.{one}" for one in PURPOSES}
    | {f"problem.{one}.{part}" for one in WORDED for part in ("title", "line")}
    | {f"help_kind.{one}" for one in HelpKind}
    | {f"handling_result.{one}" for one in HandlingResult}
    | {f"handling.group.{one}" for one in ("offered", "open", "ended")}
    | {f"order_kind.{one}" for one in OrderKind}
    | {f"order_status.{one}" for one in OrderStatus}
    | {f"case.{one}" for one in CaseStatus}
    | {f"export.{one}" for one, _ in COLUMNS}
    | {"export.cut"}
    | {f"dashboard.{one}" for one in ("by_unit", "by_month", "in_time", "late", "by_model", "by_department", "by_help")}
    | {f"dashboard.{one}" for one in ("opened", "closed", "asked_for")}
    | {f"dashboard.model.{one}" for one in ("orders", "closed", "helped", "referred")}
    | {f"event.{one}" for one in WORDED_EVENTS}
    | {f"orders.group.{one}" for one in ("overdue", "due_soon", "on_time")}
)


def used() -> set[str]:
    templates = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES_FOLDER.rglob("*.html"))
    code = "".join(path.read_text(encoding="utf-8") for path in CODE.rglob("*.py"))
    found = set(re.findall(r"word\('([a-z_.]+)'[,)]", templates))
    return (
        found
        | set(re.findall(r'"((?:visit\.mistake|account\.mistake|dispatch\.mistake|sign_in)\.[a-z_]+)"', code))
        | BUILT
    )


def test_all_words_used_exist_and_all_words_that_exist_are_used() -> None:
    assert used() == set(WORDS)


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_say_it_with_the_same_values(key: str) -> None:
    text = WORDS[key]
    values = [{name for _, name, _, _ in Formatter().parse(one) if name} for one in (text.zh, text.en)]
    assert text.zh
    assert text.en
    assert values[0] == values[1]
    assert not re.search(r"[\u4e00-\u9fff]", text.en) or key == "language.other"


@pytest.mark.parametrize("path", sorted(FORMS_FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_form_can_be_read(path: Path) -> None:
    version = path.stem.replace("_", "/").replace("home/visit", "home_visit")
    form = form_definition(version)
    assert len(form.questions) == 5
    assert len(form.visit_kinds.choices) == 3
    assert TOKEN_FIELD not in {question.id for question in form.questions}
