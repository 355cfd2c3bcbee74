"""Photos as a phone's camera writes them: with the place, the camera and the way it was held noted inside."""

import struct
import zlib
from io import BytesIO

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base


def photograph(width: int = 640, height: int = 480, format_: str = "JPEG") -> bytes:
    """A photo taken in Tongling, left half red and right half blue, with the camera turned by a quarter."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width // 2, height))
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model], exif[Base.Orientation] = "Kamera", "K1", 6
    exif.get_ifd(IFD.GPSInfo).update(
        {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (30.0, 56.0, 42.0), GPS.GPSLongitude: (117.0, 48.0, 7.0)}
    )
    written = BytesIO()
    picture.save(written, format_, exif=exif)
    return written.getvalue()


def announcing(width: int, height: int) -> bytes:
    """A few bytes whose head announces a picture of this size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head) - 4) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


def notes_in(content: bytes) -> dict[int, object]:
    """What a photo says about itself."""
    with Image.open(BytesIO(content)) as picture:
        exif = picture.getexif()
        return {**exif, **exif.get_ifd(IFD.GPSInfo), **exif.get_ifd(IFD.Exif)}
