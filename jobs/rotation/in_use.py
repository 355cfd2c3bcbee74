"""Which person key the tables were made with, kept beside them: no step may write under another one."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkstemp

from jobs.errors import OtherPersonKeyError, SettingsError
from jobs.settings import Settings
from schemas.backup import fingerprint

FILE = "person_key_in_use.json"
NAME = "person_key"


@dataclass(frozen=True)
class PersonKeyInUse:
    """Fingerprints: of the key that the tables hold, and of the one to which a rotation is under way."""

    holds: str
    rotating_to: str | None = None


def person_key_in_use(settings: Settings) -> PersonKeyInUse | None:
    """What is noted in the home; None where no step ever ran."""
    file = _file(settings)
    return PersonKeyInUse(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None


def note_person_key(settings: Settings, in_use: PersonKeyInUse) -> None:
    """Note it, in one step, in place of what is noted."""
    with _draft(settings, in_use) as draft:
        draft.replace(_file(settings))


def _first_noted(settings: Settings, in_use: PersonKeyInUse) -> PersonKeyInUse:
    """Note it where nothing is; what is noted after that: of steps that begin side by side, the first one's."""
    with _draft(settings, in_use) as draft, suppress(FileExistsError):
        _file(settings).hardlink_to(draft)
    return person_key_in_use(settings) or in_use


def refuse_other_person_key(settings: Settings) -> None:
    """Note the key where none is noted; raise OtherPersonKeyError where the settings give another one."""
    try:
        own = person_key_fingerprint(settings.key(NAME))
    except SettingsError:
        return  # whoever needs the key says so
    noted = person_key_in_use(settings) or _first_noted(settings, PersonKeyInUse(own))
    if noted.rotating_to is not None:
        raise OtherPersonKeyError(
            "The rotation of person_key was begun and has not ended, so the tables hold keys of two kinds: the system "
            "administrator must run `shouwang keys rotate person_key` again, which goes on where it ended."
        )
    if noted.holds != own:
        raise OtherPersonKeyError(
            f"person_key is another one (fingerprint {own}) than that with which the tables were made "
            f"(fingerprint {noted.holds}). The system administrator must put that one back; or, where a new secret "
            "was added to it as its last line, run `shouwang keys rotate person_key`."
        )


def person_key_fingerprint(key: bytes) -> str:
    """The same however the secrets are set apart."""
    return fingerprint(NAME, " ".join(key.decode().split()))


@contextmanager
def _draft(settings: Settings, in_use: PersonKeyInUse) -> Iterator[Path]:
    """A file of the process's own beside the note's, gone afterwards."""
    descriptor, name = mkstemp(prefix=FILE, suffix=".part", dir=settings.home)
    draft = Path(name)
    try:
        os.close(descriptor)
        draft.write_text(json.dumps(asdict(in_use)), encoding="utf-8")
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _file(settings: Settings) -> Path:
    return settings.home / FILE
