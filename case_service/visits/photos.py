"""Photos of a visit: taken in within limits, written anew without what the camera noted, sealed."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer
from starlette.datastructures import FormData, UploadFile

from case_service.sealing import Seal
from case_service.tables import Addition, Photo, WorkOrder

MOST_PHOTOS = 6
LARGEST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 60_000_000
LONGEST_SIDE = 1_600
QUALITY = 82
FORMATS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True, slots=True)
class PhotosTaken:
    """The photos of a posted form as they will be kept, or the key of the words that say what is wrong."""

    pictures: tuple[bytes, ...] = ()
    mistake: str | None = None


def photos_in(form: FormData) -> PhotosTaken:
    """Read the photos of a posted form."""
    files = [one for one in form.getlist("photos") if isinstance(one, UploadFile) and one.filename]
    if len(files) > MOST_PHOTOS:
        return PhotosTaken(mistake="visit.mistake.photos_too_many")
    pictures = []
    for file in files:
        if (file.size or 0) > LARGEST_BYTES:
            return PhotosTaken(mistake="visit.mistake.photo_too_large")
        picture = written_anew(file.file.read())
        if picture is None:
            return PhotosTaken(mistake="visit.mistake.photo_unreadable")
        pictures.append(picture)
    return PhotosTaken(tuple(pictures))


def written_anew(content: bytes) -> bytes | None:
    """The picture in `content` as a JPEG of its pixels alone, upright and of a bounded size; none if it is no photo.

    Where it was taken, when, and by which camera is not in it any more.
    """
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return None
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    bare = Image.new("RGB", upright.size)
    bare.paste(upright)
    kept = BytesIO()
    bare.save(kept, "JPEG", quality=QUALITY, optimize=True)
    return kept.getvalue()


def keep_photos(
    session: Session,
    order: WorkOrder,
    pictures: tuple[bytes, ...],
    staff_id: int,
    at: datetime,
    seal: Seal,
    addition: Addition | None = None,
) -> None:
    """Seal `pictures` into the order, as part of its visit or of an addition to it."""
    for picture in pictures:
        session.add(
            Photo(
                order_id=order.id,
                addition_id=addition.id if addition else None,
                recorded_by_id=staff_id,
                recorded_at=at,
                sealed_picture=seal.close_bytes(picture, photo_place(order)),
            )
        )
    session.flush()


def photo_ids(session: Session, order: WorkOrder) -> list[int]:
    """The photos of an order, in the order they came."""
    return list(session.scalars(select(Photo.id).where(Photo.order_id == order.id).order_by(Photo.id)))


def opened_photo(session: Session, order: WorkOrder, photo_id: int, seal: Seal) -> bytes | None:
    """One photo of an order, opened for looking at."""
    photo = session.scalar(
        select(Photo).where(Photo.id == photo_id, Photo.order_id == order.id).options(undefer(Photo.sealed_picture))
    )
    return seal.open_bytes(photo.sealed_picture, photo_place(order)) if photo else None


def photo_place(order: WorkOrder) -> str:
    """Where the photos of an order belong."""
    return f"{order.number}/photo"
