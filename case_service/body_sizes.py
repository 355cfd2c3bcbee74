"""How much anybody may send at once: what is posted is read into memory, also from whoever is not signed in."""

from fastapi import HTTPException, Request

_MB = 1024 * 1024
MOST_BYTES_OF_A_FORM = _MB
MOST_BYTES_WITH_FILES = 40 * _MB
# A warning about a large household takes some 5 kB: room for far more of them than a batch may hold.
MOST_BYTES_OF_JSON = 64 * _MB
MOST_DIGITS_OF_A_LENGTH = 18


def refuse_too_large(request: Request, most: int) -> None:
    """411 for what is of unknown size, 413 for more bytes than `most`, before any of it is read."""
    length = request.headers.get("content-length", "0")
    # Where both headers are given, what comes in chunks is read, whatever length was said.
    if "transfer-encoding" in request.headers or not (length.isascii() and length.isdigit()):
        raise HTTPException(411, "the size is not known: send the body with its Content-Length, and not in chunks")
    if len(length) > MOST_DIGITS_OF_A_LENGTH or int(length) > most:
        raise HTTPException(413, f"the body has more than {most // _MB} MB: send it in several smaller requests")
