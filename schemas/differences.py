"""What changed between two versions of a contract, and which changes break those who rely on it."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.loader import Contract, Field


@dataclass(frozen=True)
class Change:
    """One difference; breaking where a department or a reader must change too."""

    text: str
    breaking: bool


def contract_changes(old: Contract, new: Contract) -> list[Change]:
    """All changes, those of the whole contract first."""
    return [*_contract_changes(old, new), *_field_changes(old, new)]


def _contract_changes(old: Contract, new: Contract) -> Iterator[Change]:
    old_keys, new_keys = ([field.name for field in contract.key_fields] for contract in (old, new))
    if old_keys != new_keys:
        yield Change(f"key changed from {', '.join(old_keys)} to {', '.join(new_keys)}", breaking=True)
    for what, before, after in (
        ("class", old.extract_class, new.extract_class),
        ("schema version", old.schema_version, new.schema_version),
        ("delivery mode", old.delivery_mode, new.delivery_mode),
        ("control field", old.control_field, new.control_field),
        ("file", old.file, new.file),
    ):
        if before != after:
            yield Change(f"{what} changed from {before} to {after}", breaking=True)
    added = {rule.name for rule in new.row_rules} - {rule.name for rule in old.row_rules}
    for name in sorted(added):
        yield Change(f"rule {name} added", breaking=False)


def _field_changes(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = ({field.name: field for field in contract.fields} for contract in (old, new))
    for name in before:
        if name not in after:
            yield Change(f"field {name} removed", breaking=True)
        else:
            for text, breaking in _changes_of(before[name], after[name]):
                yield Change(f"field {name}: {text}", breaking)
    for name, field in after.items():
        if name not in before:
            kind = "required field" if field.required else "field"
            yield Change(f"{kind} {name} added", breaking=field.required)


def _changes_of(old: Field, new: Field) -> Iterator[tuple[str, bool]]:
    if old.physical_type != new.physical_type:
        yield f"type changed from {old.physical_type} to {new.physical_type}", True
    if old.identity != new.identity:
        yield f"identity changed from {old.identity} to {new.identity}", True
    if old.required != new.required:
        yield ("is required now", True) if new.required else ("is no longer required", False)
    yield from _header_changes(old, new)
    yield from _code_changes(old, new)


def _header_changes(old: Field, new: Field) -> Iterator[tuple[str, bool]]:
    for version, header in old.headers.items():
        if new.headers.get(version) != header:
            yield f"header of schema version {version} changed from {header} to {new.headers.get(version)}", True
    for version in new.headers.keys() - old.headers.keys():
        yield f"header {new.headers[version]} added for schema version {version}", False


def _code_changes(old: Field, new: Field) -> Iterator[tuple[str, bool]]:
    if old.codes is None and new.codes is not None:
        yield "is held to codes now", True
    for code in (old.codes or {}).keys() - (new.codes or {}).keys():
        if new.codes is not None:
            yield f"code {code} removed", True
    if old.codes is not None:
        for code in (new.codes or {}).keys() - old.codes.keys():
            yield f"code {code} added", False
