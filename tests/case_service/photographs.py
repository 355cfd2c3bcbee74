"""Photos as a phone's camera writes them: with the place, the camera and the way it was held noted inside."""

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


def notes_in(content: bytes) -> dict[int, object]:
    """What a photo says about itself."""
    with Image.open(BytesIO(content)) as picture:
        exif = picture.getexif()
        return {**exif, **exif.get_ifd(IFD.GPSInfo), **exif.get_ifd(IFD.Exif)}
