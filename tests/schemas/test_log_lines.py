"""Every line of a log is one JSON object with what is bound in it, whoever writes it, and withholds who it is about."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from schemas.log_lines import WITHHELD, configure

IDENTITY_NUMBER, MOBILE, NAME = "340702195001010011", "19900001234", "欧阳䶮"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Other tests log as they did."""
    root, handlers, level = logging.getLogger(), logging.getLogger().handlers[:], logging.getLogger().level
    yield
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:], root.level = handlers, level


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_ours_and_a_library_s_lines_have_one_shape(capsys: pytest.CaptureFixture[str]) -> None:
    configure(readable=False, level=logging.INFO)
    with structlog.contextvars.bound_contextvars(run_id="run-1"):
        structlog.get_logger().info("delivery recorded", delivery_id="d1", rows=3)
        logging.getLogger("library").warning("gone: %s", "x")
    ours, theirs = lines(capsys)
    assert ours.keys() == {"event", "level", "timestamp", "run_id", "delivery_id", "rows"}
    assert (ours["event"], ours["run_id"], ours["rows"]) == ("delivery recorded", "run-1", 3)
    assert (theirs["event"], theirs["level"], theirs["run_id"], theirs["logger"]) == (
        "gone: x",
        "warning",
        "run-1",
        "library",
    )


def test_numbers_of_people_are_withheld_wherever_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    configure(readable=False, level=logging.INFO)
    said = {"reason": f"编号{IDENTITY_NUMBER}。", "listed": [MOBILE], "deep": {"phone": f"+{MOBILE}"}}
    structlog.get_logger().info(f"about {IDENTITY_NUMBER}", order_id="GD20261119000123", **said)
    logging.getLogger("library").warning("call %s", MOBILE)
    ours, theirs = lines(capsys)
    assert ours["order_id"] == "GD20261119000123"
    assert (ours["listed"], ours["deep"]) == ([WITHHELD], {"phone": f"+{WITHHELD}"})
    assert IDENTITY_NUMBER not in json.dumps(ours)
    assert theirs["event"] == f"call {WITHHELD}"


def test_of_an_error_kind_and_place_are_told_and_not_the_row(capsys: pytest.CaptureFixture[str]) -> None:
    configure(readable=False, level=logging.INFO)
    try:
        try:
            raise ValueError(f"a column is null\nDETAIL: Failing row contains ({NAME})")
        except ValueError as behind:
            raise RuntimeError("not stored") from behind
    except RuntimeError as error:
        structlog.get_logger().exception("request failed")
        logging.getLogger("library").error("failed", exc_info=error)
    for line in lines(capsys):
        told = str(line["exception"])
        assert "builtins.RuntimeError: not stored" in told
        assert "builtins.ValueError: a column is null" in told
        assert "test_log_lines.py" in told
        assert NAME not in told


def test_a_person_on_a_terminal_reads_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    configure(readable=True, level=logging.INFO)
    structlog.get_logger().info("file read", file="a.csv")
    said = capsys.readouterr().err
    assert "file read" in said
    assert not said.startswith("{")


def test_lines_go_where_standard_error_is_when_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", before)
    configure(readable=False, level=logging.INFO)
    monkeypatch.setattr(sys, "stderr", after)
    before.close()
    structlog.get_logger().info("ours")
    logging.getLogger("library").warning("theirs")
    assert [json.loads(line)["event"] for line in after.getvalue().splitlines()] == ["ours", "theirs"]
