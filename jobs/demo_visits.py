"""A demo's grid workers answer their open orders over the ordinary pages, each finding what the truth says.

Only in demo mode. It signs in as the made-up workers, with the password that the sign-in page of a demo shows, and
fills the form that a person would. What is found follows from the truth and the id of the warning, so that a second
city of the same seed is answered the same way.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

import httpx
import pyarrow.parquet as pq
from lxml import html

from jobs.claims.keeping import WARNING
from jobs.controls.draw import control_visits
from jobs.controls.send import control_dispositions
from jobs.errors import CaseServiceUnreachableError, DemoError
from jobs.evaluation.judged import DISPATCHED, rows_of
from jobs.evaluation.truth import Hardship, true_hardships
from jobs.feedback import OUTCOMES
from jobs.installation import Installation

# Of a hundred visits. Where there is a hardship most are helped; where there is none, most have got by.
IN_HARDSHIP = (("helped", 75), ("referred", 15), ("already_receiving", 10))
IN_NONE = (("resolved_by_itself", 55), ("data_error", 25), ("moved_or_absent", 15), ("refused", 5))
_TIMEOUT = httpx.Timeout(60, connect=5)


@dataclass(frozen=True)
class OpenOrder:
    """An order that nobody answered yet, with the first warning or control visit that it carries."""

    number: str
    warning_id: str
    person_key: str
    household_key: str | None
    grid_code: str


@dataclass(frozen=True)
class Truth:
    """Who is in hardship and who is dead, by person or household key."""

    in_hardship: frozenset[str]
    dead: frozenset[str]


def answer_open_orders(installation: Installation, until: date, answered_share: float) -> dict[str, int]:
    """Answer the open orders of the nights until a date; counts what was found, and orders left `unanswered`.

    Raises DemoError outside a demo, CaseServiceUnreachableError where the case service does not answer.
    """
    truth = _truth(installation, until)
    by_worker: dict[str, list[OpenOrder]] = defaultdict(list)
    for order in open_orders(installation, until):
        by_worker[f"g{order.grid_code}"].append(order)
    counts: Counter[str] = Counter()
    try:
        for username, orders in sorted(by_worker.items()):
            counts += _answer(installation.settings.case_service_url, username, orders, truth, answered_share)
    except httpx.TransportError as problem:
        url = installation.settings.case_service_url
        raise CaseServiceUnreachableError(f"the case service at {url} does not answer: {problem}") from problem
    return dict(sorted(counts.items()))


def open_orders(installation: Installation, until: date) -> list[OpenOrder]:
    """Orders in a grid that have no outcome yet, those of control visits too."""
    subjects = {row["warning_id"]: row for row in rows_of(installation, WARNING, until)}
    subjects |= {visit.control_id: asdict(visit) for visit in control_visits(installation, until)}
    fates = {row["warning_id"]: row for row in rows_of(installation, "ads.disposition", until)}
    fates |= {row["control_id"]: row for row in control_dispositions(installation, until)}
    closed = {row["order_number"] for row in rows_of(installation, OUTCOMES, until, "known_on")}
    found: dict[str, OpenOrder] = {}
    for subject_id, fate in sorted(fates.items()):
        subject, number = subjects.get(subject_id), fate["order_number"]
        if fate["kind"] in DISPATCHED and number not in closed and subject and subject["grid_code"]:
            order = OpenOrder(number, subject_id, subject["person_key"], subject["household_key"], subject["grid_code"])
            found.setdefault(number, order)
    return list(found.values())


def outcome_of(order: OpenOrder, truth: Truth) -> str:
    """What the visit finds."""
    if order.person_key in truth.dead:
        return "deceased"
    shares = IN_HARDSHIP if {order.household_key, order.person_key} & truth.in_hardship else IN_NONE
    drawn, passed = _share_of(order, "outcome") * 100, 0
    for outcome, share in shares:
        passed += share
        if drawn < passed:
            return outcome
    return shares[-1][0]


def _share_of(order: OpenOrder, what: str) -> float:
    """A number from 0 up to 1 that follows from the warning."""
    return int(hashlib.sha256(f"{order.warning_id}|{what}".encode()).hexdigest()[:8], 16) / 16**8


def _truth(installation: Installation, until: date) -> Truth:
    hardships = true_hardships(installation, until)
    if hardships is None:
        raise DemoError("Only a demo has made-up grid workers: set SHOUWANG_MODE=demo and run 'shouwang demo' first.")
    rows = pq.read_table(installation.settings.home / "demo" / "truth" / "deaths.parquet").to_pylist()
    dead = (installation.pseudonymiser.person_key(row["identity_number"]) for row in rows)
    return Truth(_keys_of(hardships), frozenset(dead))


def _keys_of(hardships: Sequence[Hardship]) -> frozenset[str]:
    return frozenset(key for one in hardships for key in (one.person_key, one.household_key) if key)


def _answer(url: str, username: str, orders: Sequence[OpenOrder], truth: Truth, answered_share: float) -> Counter[str]:
    counts: Counter[str] = Counter()
    due = [order for order in orders if _share_of(order, "answered") < answered_share]
    counts["unanswered"] = len(orders) - len(due)
    if not due:
        return counts
    with httpx.Client(base_url=url, timeout=_TIMEOUT) as browser:
        _sign_in(browser, username)
        for order in due:
            counts[_visit(browser, order, outcome_of(order, truth))] += 1
    return counts


def _sign_in(browser: httpx.Client, username: str) -> None:
    page = html.fromstring(browser.get("/sign-in").text)
    fields = _fields(page.xpath("//form[.//input[@name='username']]")[0])
    password = page.xpath("//section//input[@name='password']/@value")
    if not password:
        raise DemoError("The case service is no demo: its sign-in page shows no password.")
    answer = browser.post("/sign-in", data={**fields, "username": username, "password": password[0]})
    if not answer.is_redirect:
        raise DemoError(f"{username} cannot sign in: load the directory of the demo, or wait if the account is locked.")


def _visit(browser: httpx.Client, order: OpenOrder, outcome: str) -> str:
    """Fill the form; an order that is closed already, or held by somebody else, is left as it is."""
    path = f"/orders/{order.number}/visit"
    page = browser.get(path)
    if not page.is_success:
        return "not_held"
    form = html.fromstring(page.text).xpath("//form[contains(@class, 'visit-form')]")[0]
    fields = _fields(form) | {"outcome": outcome, "note": "演示：按虚构城市的真实情况登记。"}
    if outcome == "data_error":
        choices = form.xpath(".//select[@name='data_error_field']/option[@value != '']/@value")
        fields["data_error_field"] = choices[int(_share_of(order, "field") * len(choices))]
    answer = browser.post(path, data=fields)
    if not answer.is_redirect:
        raise DemoError(f"Order {order.number}: the form was not taken: {answer.status_code}")
    return outcome


def _fields(form: html.HtmlElement) -> dict[str, str]:
    """What the form holds before anybody touches it."""
    return dict(form.form_values())
