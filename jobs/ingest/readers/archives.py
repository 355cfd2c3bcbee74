"""Unpacks zip files into a folder of our own, never to where a name in them points."""

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from jobs.ingest.readers.tabular import UnreadableFileError

MOST_MEMBERS = 100
MOST_BYTES = 8 * 1024**3
# Text of departments shrinks to a tenth or so; a bomb to a thousandth.
MOST_TIMES_LARGER = 300
ALWAYS_ALLOWED_BYTES = 16 * 1024**2
PIECE = 1024 * 1024
NAMES_ARE_UTF8 = 0x800
ENCRYPTED = 0x1


def is_archive(path: Path) -> bool:
    """Whether the file is a zip of files; a workbook is a zip too, but is read as what it is."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            return False
    if not zipfile.is_zipfile(path):
        raise UnreadableFileError("it is a zip file that is cut off or damaged", "压缩文件不完整或已损坏")
    try:
        with zipfile.ZipFile(path) as archive:
            return not any(name.startswith(("xl/", "[Content_Types]")) for name in archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnreadableFileError(f"it is a damaged zip file: {error}", "压缩文件已损坏") from error


@contextmanager
def extracted(path: Path) -> Iterator[list[tuple[str, Path]]]:
    """The archive's files by name, unpacked for as long as the context lasts.

    Raises UnreadableFileError for passwords, names that point elsewhere, zips in zips and bombs.
    """
    with tempfile.TemporaryDirectory(prefix="shouwang-") as folder:
        yield _unpack(path, Path(folder))


def _unpack(path: Path, folder: Path) -> list[tuple[str, Path]]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if _is_wanted(info)]
            _check(members, path.stat().st_size)
            found = []
            for at, info in enumerate(members):
                name = _name(info)
                # The name in the archive decides nothing but the ending.
                target = folder / f"{at}{PurePosixPath(name).suffix[:8]}"
                _write(archive, info, target)
                found.append((name, target))
            return found
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise UnreadableFileError(f"it is a damaged zip file: {error}", "压缩文件已损坏") from error


def _is_wanted(info: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(_name(info)).parts
    return not info.is_dir() and "__MACOSX" not in parts and not parts[-1].startswith(".")


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name; Chinese Windows writes it in GBK without saying so."""
    if info.flag_bits & NAMES_ARE_UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return info.filename


def _check(members: list[zipfile.ZipInfo], packed_bytes: int) -> None:
    if not members:
        raise UnreadableFileError("it is a zip file without files", "压缩文件中没有文件")
    if len(members) > MOST_MEMBERS:
        raise UnreadableFileError(f"it holds more than {MOST_MEMBERS} files", f"压缩文件中的文件超过 {MOST_MEMBERS} 个")
    if any(info.flag_bits & ENCRYPTED for info in members):
        raise UnreadableFileError("it is protected by a password", "压缩文件有密码保护")
    for name in map(_name, members):
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name:
            raise UnreadableFileError("a name in it points outside of it", "压缩文件中的文件名指向外部路径")
        if name.lower().endswith((".zip", ".rar", ".7z", ".gz")):
            raise UnreadableFileError("it holds an archive in turn", "压缩文件中又有压缩文件")
    allowed = min(MOST_BYTES, max(ALWAYS_ALLOWED_BYTES, packed_bytes * MOST_TIMES_LARGER))
    if sum(info.file_size for info in members) > allowed:
        raise UnreadableFileError("it unpacks to far more than files of departments do", "压缩文件解压后异常庞大")


def _write(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    """Unpack no more bytes than the archive says the file has, whatever the stream holds."""
    left = info.file_size
    with archive.open(info) as source, target.open("wb") as file:
        while piece := source.read(min(PIECE, left + 1)):
            left -= len(piece)
            if left < 0:
                raise UnreadableFileError("a file in it is larger than it says", "压缩文件中的文件大于其登记的大小")
            file.write(piece)
