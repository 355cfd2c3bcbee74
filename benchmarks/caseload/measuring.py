"""What is measured on a filled case service, and whether everything that was answered is there afterwards."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.caseload.askers import Questions, questions, sign_in, workers
from benchmarks.caseload.filling import grid_codes
from benchmarks.caseload.load import Answered, Asked, Load, apply
from benchmarks.caseload.migrating import migrated
from benchmarks.caseload.running import CaseBench
from benchmarks.caseload.warned import warning
from benchmarks.figures import ratio
from benchmarks.reporting import Report, Tell
from benchmarks.usage import cpu_seconds
from benchmarks.wanted import KINDS
from case_service import action_log
from case_service.clock import local_date, now
from case_service.notifications.channels.configured import channels_of
from case_service.settings import DEMO_SERVICE_TOKEN
from case_service.tables import ActionLogEntry
from case_service.ticking import tick
from schemas.messages import WarningBatch, WarningMessage

RECORDED_AS = {"list": "names_read", "detail": "file_read", "submit": "visit_recorded"}
AT_ONCE = 500
# The bare endpoints note their statements first, one question after the other.
READS_NOTED = 200


@dataclass(frozen=True)
class Effort:
    """How many sign in, how fast and how long they ask, and how many warnings come in one go."""

    askers: int
    rate: float
    seconds: float
    warnings: int


def measured_in(bench: CaseBench, effort: Effort, tell: Tell) -> Report:
    """All figures, and where what was answered and what is written disagree."""
    tick_s = _tick(bench)
    with bench.service() as (url, pid):
        tell(f"{effort.askers} grid workers sign in")
        askers = sign_in(url, workers(bench.engine, effort.askers))
        asked = questions(bench.engine, askers, now())
        ours, theirs = _shared_out(asked)
        tell("what the service asks of PostgreSQL is noted, to be asked again without it")
        with bench.bare(theirs) as (bare_url, _):
            tell(f"requests for {effort.seconds:g} s at a time: as fast as it goes, then {effort.rate:g} a second")
            before = _recorded(bench)
            loads = {kind: [*_loaded(kind, url, ours, effort, (pid, bench.postmaster), tell)] for kind in KINDS}
            recorded = _recorded(bench) - before
            bare = {kind: apply(_bare_load(kind, bare_url, theirs, effort)) for kind in KINDS}
        tell(f"{effort.warnings:,} warnings")
        batch = _batch(bench, url, effort)
    tell("the record of actions is verified")
    with Session(bench.engine) as session:
        verified = action_log.verify(session)
    tell("the schema goes down to its first version and up again")
    migrations = migrated(bench.engine, tell)
    return {
        **{kind: _figures(loads[kind], bare[kind]) for kind in KINDS},
        "batch": batch,
        "batch_10000_s": batch["seconds"] if effort.warnings == 10_000 else None,
        "tick_s": tick_s,
        "migrations": migrations,
        "record": {"entries": verified.entry_count, "broken_at": verified.broken_at},
        "disagreements": [*_disagreements(loads, bare, recorded, batch, effort, verified)],
    }


def _tick(bench: CaseBench) -> float:
    """What a tick costs while nothing is ripe: the first one finds whatever became ripe since the filling."""
    settings = bench.settings()
    channels = channels_of(settings, now)
    tick(bench.engine, settings, channels, now)
    started = time.perf_counter()
    tick(bench.engine, settings, channels, now)
    return time.perf_counter() - started


def _shared_out(asked: Questions) -> tuple[Questions, Questions]:
    """Everybody's list and orders for both; of the visits to send, a third for the bare endpoints."""
    third = len(asked["submit"]) // 3
    reads = {kind: asked[kind][:READS_NOTED] for kind in ("list", "detail")}
    return {**asked, "submit": asked["submit"][third:]}, {**reads, "submit": asked["submit"][:third]}


def _loaded(
    kind: str, url: str, asked: Questions, effort: Effort, pids: tuple[int, int], tell: Tell
) -> Iterator[tuple[Answered, Mapping[str, float]]]:
    """As fast as it goes, then at the rate, each with the CPU seconds of service and PostgreSQL."""
    requests = asked[kind]
    once = kind == "submit"
    # What is sent once is sent half as fast as it goes, half at the rate.
    half = len(requests) // 2 if once else 0
    loads = (
        Load(url, requests[half:], effort.seconds, once=once),
        Load(url, requests[:half] if once else requests, effort.seconds, effort.rate, once=once),
    )
    for load in loads:
        before = [cpu_seconds(pid) for pid in pids]
        answered = apply(load)
        service, postgres = (cpu_seconds(pid) - one for pid, one in zip(pids, before, strict=True))
        tell(f"{kind}: {answered.requests} requests, {answered.rps:.1f} a second, p95 {answered.p95_ms:.0f} ms")
        yield answered, {"service": service, "postgres": postgres}


def _bare_load(kind: str, url: str, asked: Questions, effort: Effort) -> Load:
    requests = [Asked(one.method, f"/{kind}/{place}") for place, one in enumerate(asked[kind])]
    return Load(url, requests, effort.seconds, once=kind == "submit")


def _figures(loads: Sequence[tuple[Answered, Mapping[str, float]]], bare: Answered) -> Report:
    (answered, cpu), (at_rate, _) = loads
    return {
        "rps": answered.rps,
        "bare_rps": bare.rps,
        "share_of_bare": ratio(answered.rps, bare.rps),
        "p50_ms": at_rate.p50_ms,
        "p95_ms": at_rate.p95_ms,
        "p99_ms": at_rate.p99_ms,
        "requests": answered.requests + at_rate.requests,
        "cpu_ms": {name: 1000 * seconds / answered.requests for name, seconds in cpu.items()},
    }


def _batch(bench: CaseBench, url: str, effort: Effort) -> Report:
    """So many warnings as the pipeline sends them, most about households that are new here."""
    today = local_date(now())
    batches = [
        WarningBatch(business_date=today, warnings=[*_warnings(bench, effort, start)]).model_dump_json()
        for start in range(0, effort.warnings, AT_ONCE)
    ]
    headers = {"authorization": f"Bearer {DEMO_SERVICE_TOKEN}", "content-type": "application/json"}
    kinds: Counter[str] = Counter()
    with httpx.Client(base_url=url, headers=headers, timeout=120, trust_env=False) as pipeline:
        started = time.perf_counter()
        for content in batches:
            answer = pipeline.put("/api/v1/warnings", content=content).raise_for_status()
            kinds.update(one["kind"] for one in answer.json()["dispositions"])
        seconds = time.perf_counter() - started
    return {"warnings": effort.warnings, "seconds": seconds, "dispositions": dict(kinds)}


def _warnings(bench: CaseBench, effort: Effort, start: int) -> Iterator[WarningMessage]:
    """Of five, three about new households, one about a household with an open order, one about one helped before."""
    size, codes, today = bench.size, grid_codes(bench.size.workers), local_date(now())
    for place in range(start, min(start + AT_ONCE, effort.warnings)):
        number = {3: size.orders - place % size.open_orders, 4: size.closed_orders - place % size.closed_orders}.get(
            place % 5, size.orders + 1 + place
        )
        told = warning(number, codes[number % size.workers], today)
        yield told.model_copy(update={"warning_id": f"W-W03-b{place:019x}"})


def _recorded(bench: CaseBench) -> Counter[str]:
    kept = set(RECORDED_AS.values())
    with Session(bench.engine) as session:
        counts = select(ActionLogEntry.action, func.count()).where(ActionLogEntry.action.in_(kept))
        return Counter(dict(session.execute(counts.group_by(ActionLogEntry.action)).all()))


def _disagreements(
    loads: Mapping[str, list[tuple[Answered, Any]]],
    bare: Mapping[str, Answered],
    recorded: Mapping[str, int],
    batch: Mapping[str, Any],
    effort: Effort,
    verified: action_log.Verification,
) -> Iterator[str]:
    """Where an answer was no success, or what was answered is not what was recorded."""
    for kind in KINDS:
        wanted = "303" if kind == "submit" else "200"
        for answered in (*(one for one, _ in loads[kind]), replace(bare[kind], statuses=_as(wanted, bare[kind]))):
            if set(answered.statuses) != {wanted}:
                yield f"{kind}: answered with {answered.statuses}"
        asked = sum(one.requests for one, _ in loads[kind])
        if recorded[RECORDED_AS[kind]] != asked:
            yield f"{kind}: {asked} answered, {recorded[RECORDED_AS[kind]]} recorded"
    if sum(batch["dispositions"].values()) != effort.warnings:
        yield f"{effort.warnings} warnings sent, {batch['dispositions']} answered"
    if verified.broken_at is not None:
        yield f"the record of actions is broken at {verified.broken_at}"


def _as(wanted: str, answered: Answered) -> dict[str, int]:
    """A bare endpoint answers 200 to everything that worked."""
    return {wanted if status == "200" else status: count for status, count in answered.statuses.items()}
