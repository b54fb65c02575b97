"""File names of strangers: without a path, a control or a mark of direction, never empty, never too long."""

import mimetypes
import unicodedata

LONGEST = 150
_KNOWN = {
    "text/plain": ".txt", "text/html": ".html", "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif",
    "application/pdf": ".pdf", "text/calendar": ".ics", "message/rfc822": ".eml", "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s", "application/pkcs7-mime": ".p7m", "message/delivery-status": ".txt",
    "text/rfc822-headers": ".txt", "message/disposition-notification": ".txt",
}  # fmt: skip


def file_name(given: str, media_type: str, number: int) -> str:
    """A name to show and to keep; where there is none, one made of the kind and the place."""
    name = unicodedata.normalize("NFC", given.replace("\\", "/").rpartition("/")[2])
    name = "".join(ch for ch in name if unicodedata.category(ch)[0] != "C" and ch not in '<>:"|?*')
    name = " ".join(name.split()).strip(". ")
    if not name:
        suffix = _KNOWN.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"
        kind = {"image": "image", "audio": "son", "video": "video", "message": "message"}.get(
            media_type.partition("/")[0]
        )
        return f"{kind or 'piece-jointe'}-{number}{suffix}"
    if len(name) <= LONGEST:
        return name
    stem, dot, suffix = name.rpartition(".")
    suffix = suffix[:20]
    return stem[: LONGEST - len(suffix) - 1] + dot + suffix if dot else name[:LONGEST]
