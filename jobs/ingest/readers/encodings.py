"""Finds out how text is encoded and gives it as UTF-8.

Strict UTF-8 first: its bytes often decode as GBK without an error. Decoding is Python's, because
DuckDB's GBK reader rejects names such as 䶮; GB18030 is a superset of GBK and GB2312.
"""

import codecs
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from jobs.ingest.readers.tabular import UnreadableFileError

PIECE = 8 * 1024 * 1024
# So many Chinese characters that read as UTF-8 by chance before one does not: never seen in GBK text.
SURELY_UTF8 = 4
TOLERATED_NULS = 0.1


def as_utf8(path: Path, hint: str | None) -> tuple[pa.Buffer, str]:
    """The file's text as UTF-8 without a byte order mark, and the encoding it was found in.

    `hint` is the contract's word, tried where neither UTF-8 nor a byte order mark tells. Raises
    UnreadableFileError where no encoding fits the whole file.
    """
    data = pa.memory_map(str(path)).read_buffer()
    head = data.slice(0, min(len(data), 4096)).to_pybytes()
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _transcoded(data, ["utf-16"])
    if head.count(0) > len(head) * TOLERATED_NULS:
        raise UnreadableFileError("it is no text: it is full of zero bytes", "不是文本文件")
    broken_at = _broken_utf8(data)
    if broken_at is None:
        marked = head.startswith(codecs.BOM_UTF8)
        return (data.slice(3), "utf-8-sig") if marked else (data, "utf-8")
    if _starts_as_utf8(data, broken_at):
        raise UnreadableFileError(
            f"it is UTF-8 up to byte {broken_at} and damaged there", f"UTF-8 文件在第 {broken_at} 字节处损坏"
        )
    return _transcoded(data, [*_other_encoding(hint), "gb18030"])


def _broken_utf8(data: pa.Buffer) -> int | None:
    """Where the bytes cease to be UTF-8; None where they are all UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = 0
    try:
        for piece in _pieces(data):
            pending = len(decoder.getstate()[0])
            decoder.decode(piece)
            done += len(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return done - (pending if done < len(data) else 0) + error.start
    return None


def _starts_as_utf8(data: pa.Buffer, broken_at: int) -> bool:
    start: str = data.slice(0, min(broken_at, PIECE)).to_pybytes().decode("utf-8", "ignore")
    return sum(character > "\x7f" for character in start) >= SURELY_UTF8


def _other_encoding(hint: str | None) -> list[str]:
    try:
        name = codecs.lookup(hint or "utf-8").name
    except LookupError:
        return []
    return [] if name.startswith(("utf", "gb")) or name in ("ascii", "cp936") else [name]


def _transcoded(data: pa.Buffer, encodings: list[str]) -> tuple[pa.Buffer, str]:
    for encoding in encodings:
        decoder = codecs.getincrementaldecoder(encoding)()
        sink = pa.BufferOutputStream()
        try:
            for piece in _pieces(data):
                sink.write(decoder.decode(piece).encode())
            sink.write(decoder.decode(b"", final=True).encode())
        except UnicodeError:
            continue
        return sink.getvalue(), encoding
    tried = ", ".join(["UTF-8", *encodings])
    raise UnreadableFileError(
        f"it decodes as none of {tried}", f"编码无法识别 (已试 {tried}), 请以 UTF-8 或 GB18030 重报"
    )


def _pieces(data: pa.Buffer) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data.slice(start, min(PIECE, len(data) - start)).to_pybytes()
