"""What the running system needs may be used by everybody: no GPL, no AGPL, and weak copyleft only where it is told."""

import json
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[2]
TOLD = dict(re.findall(r"^\| `([\w-]+)` \| ([^|]+) \|", (PROJECT / "docs" / "licences.md").read_text(), re.MULTILINE))
RUNTIME_EXTRAS = ("", "pipeline", "spark", "linkage", "orchestration", "service")
PERMISSIVE = re.compile(
    r"MIT|BSD|Apache|ISC|0BSD|PSF|Python Software Foundation|Unlicense|Zlib|CC0|Public Domain", re.IGNORECASE
)
COPYLEFT = re.compile(r"GPL|General Public|Mozilla|MPL|EUPL|CDDL|SSPL|Business Source", re.IGNORECASE)


def licence_of(name: str) -> str:
    """What a package says of its licence, in the newest of the three places where it may."""
    said = distribution(name).metadata
    classified = [each for each in said.get_all("Classifier") or [] if each.startswith("License ::")]
    told = {name: said[name] for name in ("License-Expression", "License") if name in said}
    return told.get("License-Expression") or "; ".join(classified) or told.get("License", "").split("\n")[0]


@cache
def runtime_packages() -> frozenset[str]:
    """Every installed package that the project needs outside its tests, be it through others."""
    found: set[tuple[str, str]] = set()
    to_look_at = [("shouwang", extra) for extra in RUNTIME_EXTRAS]
    while to_look_at:
        name, extra = to_look_at.pop()
        for requirement in map(Requirement, distribution(name).requires or []):
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            for needed in [(canonicalize_name(requirement.name), each) for each in ("", *requirement.extras)]:
                if needed not in found and _is_installed(needed[0]):
                    found.add(needed)
                    to_look_at.append(needed)
    return frozenset(name for name, _ in found)


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


@pytest.mark.parametrize("name", sorted(runtime_packages()))
def test_a_package_is_permissive_or_told_of(name: str) -> None:
    licence = licence_of(name)
    assert licence, f"{name} says nothing of its licence"
    if name not in TOLD:
        assert PERMISSIVE.search(licence), licence
        assert not COPYLEFT.search(licence), f"{name} is under {licence}: leave it out, or tell why in docs/licences.md"


def test_what_is_told_is_there_and_weak() -> None:
    assert TOLD.keys() <= runtime_packages()
    assert len(runtime_packages()) > 100
    for name, licence in TOLD.items():
        assert re.search(r"LGPL|MPL|Classpath exception|Artistic", licence), name
        assert "AGPL" not in licence_of(name)


def test_browser_libraries_are_permissive() -> None:
    packages = json.loads((PROJECT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    shipped = {path: entry for path, entry in packages.items() if path and not entry.get("dev")}
    assert shipped
    for path, entry in shipped.items():
        assert PERMISSIVE.search(entry["license"]), path
        assert not COPYLEFT.search(entry["license"]), path
