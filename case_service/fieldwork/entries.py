"""Reading the short forms of fieldwork, and saying what to mend."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from starlette.datastructures import FormData

from case_service.clock import SHANGHAI, local_date
from case_service.forms_posted import field as posted
from case_service.forms_posted import is_whole_number
from case_service.tables.fieldwork import HandOverReason, HelpGiven, MoreTimeReason
from case_service.visits.answers import IDENTITY_NUMBER, LONGEST_ANSWER

LONGEST_DELAY = timedelta(days=30)
LARGEST_AMOUNT = 100_000
# Chosen by workers; the others are written by the service.
REASONS_TO_HAND_OVER = tuple(reason for reason in HandOverReason if reason is not HandOverReason.ASSIGNED_ANEW)


class Task(StrEnum):
    """The short forms, by the last part of their path."""

    URGENT_HELP = "urgent-help"
    MORE_TIME = "more-time"
    HAND_OVER = "hand-over"


FIELDS: Mapping[Task, tuple[str, ...]] = {
    Task.URGENT_HELP: ("help", "amount", "given_at", "note"),
    Task.MORE_TIME: ("reason", "until", "note"),
    Task.HAND_OVER: ("colleague", "reason"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What was entered in one short form, and for each field in need of mending the key of the words that say how."""

    values: dict[str, str]
    mistakes: dict[str, str] = field(default_factory=dict)

    @property
    def given_moment(self) -> datetime:
        """When help was given; only of an entry without mistakes."""
        return datetime.fromisoformat(self.values["given_at"]).replace(tzinfo=SHANGHAI)

    @property
    def until(self) -> date:
        """The first day the clock is to run again; only of an entry without mistakes."""
        return date.fromisoformat(self.values["until"])


def untouched(task: Task, at: datetime) -> Entry:
    """A form nobody has touched."""
    moment = at.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")
    return Entry({name: moment if name == "given_at" else "" for name in FIELDS[task]})


def entered(task: Task, form: FormData, at: datetime, colleagues: Iterable[str]) -> Entry:
    """The entry in a posted form."""
    values = {name: posted(form, name) for name in FIELDS[task]}
    looked_at = {
        Task.URGENT_HELP: lambda: _urgent_help(values, at),
        Task.MORE_TIME: lambda: _more_time(values, local_date(at)),
        Task.HAND_OVER: lambda: _hand_over(values, set(colleagues)),
    }[task]()
    return Entry(values, {name: mistake for name, mistake in looked_at.items() if mistake})


def _urgent_help(values: Mapping[str, str], at: datetime) -> dict[str, str | None]:
    amount = values["amount"]
    is_amount = not amount or is_whole_number(amount, LARGEST_AMOUNT)
    return {
        "help": None if values["help"] in set(HelpGiven) else "fieldwork.mistake.help",
        "amount": None if is_amount else "fieldwork.mistake.amount",
        "given_at": _given_at(values["given_at"], at),
        "note": _note(values["note"]),
    }


def _more_time(values: Mapping[str, str], today: date) -> dict[str, str | None]:
    return {
        "reason": None if values["reason"] in set(MoreTimeReason) else "fieldwork.mistake.reason",
        "until": _until(values["until"], today),
        "note": _note(values["note"]),
    }


def _hand_over(values: Mapping[str, str], colleagues: set[str]) -> dict[str, str | None]:
    return {
        "colleague": None if values["colleague"] in colleagues else "fieldwork.mistake.colleague",
        "reason": None if values["reason"] in REASONS_TO_HAND_OVER else "fieldwork.mistake.reason",
    }


def _given_at(text: str, at: datetime) -> str | None:
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError:
        return "visit.mistake.time_missing"
    return "visit.mistake.time_ahead" if moment > at else None


def _until(text: str, today: date) -> str | None:
    try:
        until = date.fromisoformat(text)
    except ValueError:
        return "fieldwork.mistake.until"
    return None if today < until <= today + LONGEST_DELAY else "fieldwork.mistake.until"


def _note(text: str) -> str | None:
    if not text:
        return "fieldwork.mistake.note"
    if IDENTITY_NUMBER.search(text):
        return "visit.mistake.identity_number"
    return "visit.mistake.answer_too_long" if len(text) > LONGEST_ANSWER else None
