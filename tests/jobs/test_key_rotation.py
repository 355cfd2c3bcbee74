"""New keys are put to use: what was kept under the old one is found under the new, and under the old no longer."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cryptography.exceptions import InvalidTag

from jobs.alone import alone
from jobs.errors import BusyError, OtherPersonKeyError, VaultKeyError
from jobs.identity import Pseudonymiser
from jobs.ingest import ledger
from jobs.installation import Installation
from jobs.nightly import ingest
from jobs.rotation import person_key as rotation
from jobs.rotation.in_use import FILE
from jobs.rotation.person_key import rotate_person_key
from jobs.rotation.vault_key import rotate_vault_key
from jobs.settings import Settings
from schemas.person_keys import KEY_IN_TEXT
from tests.jobs.landing import NIGHT_1, NIGHT_2, deliver
from tests.jobs.people import identity_number, on_dibao

OLD_PERSON, NEW_PERSON = "the-person-key-until-now", "the-person-key-from-now-on"
OLD_VAULT, NEW_VAULT = "the-vault-key-until-now", "the-vault-key-from-now-on"
PEOPLE = 20


def now() -> datetime:
    return datetime.now(UTC)


def at(home: Path, person_key: str = OLD_PERSON, vault_key: str = OLD_VAULT) -> Installation:
    return Installation(Settings(mode="production", home=home, person_key=person_key, vault_key=vault_key))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which one night came in; one row of it was rejected."""
    installation = at(tmp_path / "home")
    rows = [on_dibao(n) for n in range(PEOPLE)] + [on_dibao(99, certno="123")]
    deliver(installation.settings.landing_folder, "dibao", rows, NIGHT_1)
    ingest(installation, NIGHT_1, "civil_affairs")
    return installation.settings.home


def texts(installation: Installation) -> Iterator[str]:
    """Every text that lies in a file of the tables, named or not, sealed or not."""
    for file in installation.warehouse.root.rglob("*.parquet"):
        for row in pq.read_table(file).to_pylist():
            yield from (value for value in row.values() if isinstance(value, str))
    if installation.warehouse.exists("vault.block"):
        for kind in ("identity", "contact"):
            for people in installation.vault.everybody(kind):
                yield from people.column("person_key").to_pylist()


def versions(installation: Installation) -> set[str]:
    """Of which versions there are keys."""
    return {found[1] for text in texts(installation) for found in KEY_IN_TEXT.findall(text)}


def people_on_dibao(installation: Installation) -> set[str]:
    return set(installation.warehouse.rows("ods.dibao").column("person_key").to_pylist())


def ingested_next(installation: Installation) -> ledger.DeliveryRecord:
    """What became of the delivery of the next night."""
    ingest(installation, NIGHT_2, "civil_affairs")
    (record,) = ledger.records(installation, business_date=NIGHT_2)
    return record


class TestVaultKey:
    def test_everything_opens_under_the_new_key_and_nothing_under_the_old(self, home: Path) -> None:
        keys = Pseudonymiser(OLD_PERSON.encode())
        person = keys.person_key(identity_number(0))
        both = at(home, vault_key=f"{OLD_VAULT}\n{NEW_VAULT}")
        assert both.vault.numbers_of([person]) == {person: identity_number(0)}, "before, too"
        report = rotate_vault_key(both, now())
        assert report["sealed_anew"] == report["blocks"] > 0
        assert report["left_under_other_keys"] == 0
        only_new = at(home, vault_key=NEW_VAULT)
        assert only_new.vault.numbers_of([person]) == {person: identity_number(0)}
        assert sum(rows.num_rows for rows in only_new.vault.everybody("rejected")) == 1
        with pytest.raises(InvalidTag):
            at(home).vault.numbers_of([person])
        files = list((only_new.warehouse.root / "vault" / "block").rglob("*.parquet"))
        assert len(files) == len(only_new.warehouse.files("vault.block")), "nothing sealed with the old key stays"
        assert rotate_vault_key(only_new, now())["sealed_anew"] == 0

    def test_it_goes_on_after_a_kill(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        both = at(home, vault_key=f"{OLD_VAULT}\n{NEW_VAULT}")
        with monkeypatch.context() as patch:
            patch.setattr("jobs.rotation.vault_key.keep_up", _killed)
            with pytest.raises(KeyboardInterrupt):
                rotate_vault_key(both, now())
        person = both.pseudonymiser.person_key(identity_number(0))
        assert both.vault.numbers_of([person])
        assert rotate_vault_key(at(home, vault_key=f"{OLD_VAULT}\n{NEW_VAULT}"), now())["left_under_other_keys"] == 0
        files = list((both.warehouse.root / "vault" / "block").rglob("*.parquet"))
        assert len(files) == len(both.warehouse.files("vault.block"))

    def test_a_key_that_is_missing_is_told_and_nothing_changes(self, home: Path) -> None:
        with pytest.raises(VaultKeyError, match="add the key of that time"):
            rotate_vault_key(at(home, vault_key=NEW_VAULT), now())
        person = Pseudonymiser(OLD_PERSON.encode()).person_key(identity_number(0))
        assert at(home).vault.numbers_of([person])


class TestPersonKey:
    def test_every_key_is_another_one_and_the_next_night_finds_the_same_people(self, home: Path) -> None:
        before = people_on_dibao(at(home))
        assert versions(at(home)) == {"1"}
        rotated = at(home, person_key=f"{OLD_PERSON}\n{NEW_PERSON}")
        report = rotate_person_key(rotated, now(), with_case_service=False)
        assert report["key_version"] == 2
        assert report["rows_rewritten"]["ods.dibao"] == PEOPLE
        assert versions(rotated) == {"2"}
        deliver(rotated.settings.landing_folder, "dibao", [on_dibao(n) for n in range(PEOPLE + 1)], NIGHT_2)
        ingested = ingested_next(rotated)
        assert (ingested.unchanged, ingested.accepted, ingested.deleted) == (PEOPLE, 1, 0), "no row looks new"
        after = people_on_dibao(rotated)
        assert len(after) == len(before) + 1
        assert {rotated.pseudonymiser.person_key(identity_number(n)) for n in range(PEOPLE + 1)} == after
        person = rotated.pseudonymiser.person_key(identity_number(0))
        assert rotated.vault.numbers_of([person]) == {person: identity_number(0)}

    def test_it_may_be_rotated_again(self, home: Path) -> None:
        second, third = f"{OLD_PERSON} {NEW_PERSON}", f"{OLD_PERSON} {NEW_PERSON} another-one"
        rotate_person_key(at(home, person_key=second), now(), with_case_service=False)
        rotated = at(home, person_key=third)
        rotate_person_key(rotated, now(), with_case_service=False)
        assert versions(rotated) == {"3"}
        deliver(rotated.settings.landing_folder, "dibao", [on_dibao(n) for n in range(PEOPLE)], NIGHT_2)
        ingested = ingested_next(rotated)
        assert ingested.unchanged == PEOPLE

    def test_no_step_runs_under_another_key(self, home: Path) -> None:
        for other in ("some-other-key", f"{OLD_PERSON}\n{NEW_PERSON}"):
            with pytest.raises(OtherPersonKeyError, match="shouwang keys rotate person_key"):
                ingest(at(home, person_key=other), NIGHT_1, "civil_affairs")
        with pytest.raises(OtherPersonKeyError, match="add a new secret"):
            rotate_person_key(at(home), now(), with_case_service=False)
        with pytest.raises(OtherPersonKeyError, match="does not follow"):
            rotate_person_key(at(home, person_key="a b c"), now(), with_case_service=False)
        assert versions(at(home)) == {"1"}

    def test_killed_on_the_way_it_lets_no_step_run_until_it_has_ended(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rotated = at(home, person_key=f"{OLD_PERSON}\n{NEW_PERSON}")
        done: list[str] = []

        def until_killed(warehouse: object, name: str, *when: datetime) -> None:
            done.append(name)
            if name == "ops.delivery":
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(rotation, "keep_up", until_killed)
            with pytest.raises(KeyboardInterrupt):
                rotate_person_key(rotated, now(), with_case_service=False)
        assert "ods.dibao" in done
        for installation in (rotated, at(home)):
            with pytest.raises(OtherPersonKeyError, match="goes on where it ended"):
                ingest(installation, NIGHT_1, "civil_affairs")
        again = at(home, person_key=f"{OLD_PERSON}\n{NEW_PERSON}")
        rotate_person_key(again, now(), with_case_service=False)
        assert versions(again) == {"2"}
        assert json.loads((home / FILE).read_text())["rotating_to"] is None
        deliver(again.settings.landing_folder, "dibao", [on_dibao(n) for n in range(PEOPLE)], NIGHT_2)
        ingested = ingested_next(again)
        assert ingested.unchanged == PEOPLE, "no digest of a row was made anew twice"

    def test_it_refuses_while_a_step_runs(self, home: Path) -> None:
        with alone(at(home), "civil_affairs"):
            for rotate in (rotate_vault_key, _rotate_people):
                with pytest.raises(BusyError, match="is being worked on"):
                    rotate(at(home, f"{OLD_PERSON}\n{NEW_PERSON}", f"{OLD_VAULT}\n{NEW_VAULT}"), now())


def _rotate_people(installation: Installation, at_time: datetime) -> None:
    rotate_person_key(installation, at_time, with_case_service=False)


def _killed(*_: object) -> None:
    raise KeyboardInterrupt
