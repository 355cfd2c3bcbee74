"""A process that sends requests over loopback and says how long the answers took.

`python -m benchmarks.caseload.load` reads one `Load` as JSON from standard input and prints one `Answered`. With a
rate the load is open: every request has its moment, and what an answer took counts from that moment, also where
the request could not leave in time. Without a rate each connection asks again as soon as it was answered.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle, islice
from statistics import quantiles

import httpcore
import uvloop

MOST_UNDER_WAY = 1_000
TIMEOUT = 120


@dataclass(frozen=True)
class Asked:
    """One request as it goes over the wire."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    content: str = ""


@dataclass(frozen=True)
class Load:
    """What is asked of whom: at a rate for so many seconds, or by so many connections without a pause.

    Each request of `once` is sent once at the most; the others are sent over and over.
    """

    base_url: str
    requests: Sequence[Asked]
    seconds: float
    rate: float | None = None
    connections: int = 8
    once: bool = False


@dataclass(frozen=True)
class Answered:
    """What came of it; milliseconds are those from the moment a request was due to the end of its answer."""

    requests: int
    seconds: float
    statuses: dict[str, int]
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @property
    def rps(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


@dataclass(frozen=True)
class Client:
    """What httpx stands on, without what it adds: on few cores the sender takes from whoever answers."""

    pool: httpcore.AsyncConnectionPool
    base_url: str

    async def ask(self, asked: Asked) -> int:
        """Send a request and read the whole answer; gives its status."""
        headers = {"host": self.base_url.partition("//")[2], **asked.headers}
        answer = await self.pool.request(
            asked.method,
            self.base_url + asked.path,
            headers=[(name.encode(), value.encode()) for name, value in headers.items()],
            content=asked.content.encode(),
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT)},
        )
        return answer.status


def apply(load: Load) -> Answered:
    """Have another process send the load."""
    command = [sys.executable, "-m", "benchmarks.caseload.load"]
    told = json.dumps(asdict(load))
    done = subprocess.run(command, input=told, stdout=subprocess.PIPE, text=True, check=True)
    return Answered(**json.loads(done.stdout))


async def send(load: Load) -> Answered:
    """Send the load from this process."""
    found: list[tuple[int, float]] = []
    requests = iter(load.requests) if load.once else cycle(load.requests)
    async with httpcore.AsyncConnectionPool(max_connections=MOST_UNDER_WAY) as pool:
        client = Client(pool, load.base_url)
        started = time.perf_counter()
        if load.rate is None:
            end = started + load.seconds
            await asyncio.gather(*(_ask_on(client, requests, end, found) for _ in range(load.connections)))
        else:
            await _ask_at(client, list(islice(requests, round(load.rate * load.seconds))), load.rate, found)
        seconds = time.perf_counter() - started
    return _summed_up(found, seconds)


async def _ask_on(client: Client, requests: Iterator[Asked], end: float, found: list[tuple[int, float]]) -> None:
    while (due := time.perf_counter()) < end and (asked := next(requests, None)) is not None:
        await _ask(client, asked, due, found)


async def _ask_at(client: Client, requests: Sequence[Asked], rate: float, found: list[tuple[int, float]]) -> None:
    started = time.perf_counter()
    async with asyncio.TaskGroup() as under_way:
        for place, asked in enumerate(requests):
            due = started + place / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            under_way.create_task(_ask(client, asked, due, found))


async def _ask(client: Client, asked: Asked, due: float, found: list[tuple[int, float]]) -> None:
    status = await client.ask(asked)
    found.append((status, time.perf_counter() - due))


def _summed_up(found: Sequence[tuple[int, float]], seconds: float) -> Answered:
    took = [one * 1000 for _, one in found]
    cuts = quantiles(took, n=100, method="inclusive") if len(took) > 1 else [*took, *[0.0] * 99][:99]
    statuses = Counter(str(status) for status, _ in found)
    return Answered(len(found), seconds, dict(statuses), cuts[49], cuts[94], cuts[98])


def main() -> None:
    """Read the load, send it, print what came of it."""
    told = json.load(sys.stdin)
    load = Load(**{**told, "requests": [Asked(**one) for one in told["requests"]]})
    print(json.dumps(asdict(uvloop.run(send(load)))))  # noqa: T201


if __name__ == "__main__":
    main()
