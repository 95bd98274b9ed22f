"""Take files in as they stream: encrypted before they touch the disk, hashed on the way, whatever their size."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.db import models
from django.http import HttpRequest, UnreadablePostError
from django.utils.translation import gettext as _

from tocsin.pipeline.content.kinds import media_type
from tocsin.platform import strongroom
from tocsin.platform.house_key import HouseKeyError
from tocsin.platform.strongroom import Incoming, Kept, NoRoom, TooLarge
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.artefacts import queries
from tocsin.rooms.artefacts.actions.custody import Act, note
from tocsin.rooms.artefacts.actions.turns import turn
from tocsin.rooms.artefacts.models import Artefact

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    File = UploadedFile[bytes]  # Django's own class takes no such parameter
else:
    File = UploadedFile

BLOCK = 1 << 20
NAME = 255


class Received(File):
    """A file of a form, as it was kept."""

    def __init__(self, name: str, kept: Kept) -> None:
        super().__init__(name=name, size=kept.size, content_type=media_type(kept.head))
        self.kept = kept


class Receiver(FileUploadHandler):
    """Leads the files of a form into the strongroom. ``refusal`` says why it stopped, if it did."""

    chunk_size = BLOCK

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.refusal = ""
        self._incoming: Incoming | None = None
        self._kept: list[Kept] = []

    def new_file(
        self,
        field_name: str,
        file_name: str,
        content_type: str,
        content_length: int | None,
        charset: str | None = None,
        content_type_extra: dict[str, bytes] | None = None,
    ) -> None:
        """Begin a file; what its sender says of it is not believed."""
        super().new_file(field_name, file_name, content_type, content_length, charset, content_type_extra)
        with self._stopping():
            self._incoming = Incoming()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take the next piece of a file."""
        with self._stopping():
            self._begun().write(raw_data)

    def file_complete(self, file_size: int) -> Received:
        """End a file."""
        with self._stopping():
            kept = self._begun().keep()
        self._incoming = None
        self._kept.append(kept)
        return Received(clean_name(self.file_name or ""), kept)

    def clear(self) -> None:
        """Throw away whatever no row has come to know."""
        if self._incoming is not None:
            self._incoming.discard()
        uuids = [kept.uuid for kept in self._kept]
        wanted = queries.kept(uuids) if uuids else ()
        for uuid in uuids:
            if uuid not in wanted:
                strongroom.remove(uuid)

    def _begun(self) -> Incoming:
        if self._incoming is None:
            raise StopUpload(connection_reset=True)
        return self._incoming

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        try:
            yield
        except (NoRoom, HouseKeyError) as error:
            self.refusal = _refusal(error)
            raise StopUpload(connection_reset=True) from error


def _refusal(error: Exception) -> str:
    if isinstance(error, TooLarge):
        limit = error.limit >> 20
        return _("That is too large: %(limit)s MiB may be sent at once. Nothing was kept.") % {"limit": limit}
    if isinstance(error, NoRoom):
        return _("There is no room for it on the disk; tell the administrator. Nothing was kept.")
    return _("The key of the strongroom is missing; `tocsin doctor` says what to do. Nothing was kept.")


@contextmanager
def receiving(request: HttpRequest) -> Iterator[Receiver]:
    """Let the files of a request's form into the strongroom; what no row knows afterwards is thrown away.

    Raises ValidationError before anything is read when it is too large or there is no room. Nothing may have read the
    form yet: its page is exempt from the check of its token until then.
    """
    receiver = Receiver(request)
    length = int(request.headers.get("Content-Length") or 0)
    _expect(length)
    with turn(length):
        request.upload_handlers = [receiver]
        try:
            yield receiver
        finally:
            receiver.clear()


def _expect(length: int) -> None:
    try:
        strongroom.expect(length)
    except (TooLarge, NoRoom) as error:
        raise ValidationError(_refusal(error)) from error


@contextmanager
def receive_body(read: Callable[[int], bytes], length: int) -> Iterator[Kept]:
    """Take a request's whole body of ``length`` bytes in; it is thrown away when no row knows it afterwards.

    Raises ValidationError when it cannot be kept or is cut off.
    """
    _expect(length)
    with turn(length):
        try:
            incoming = Incoming()
        except HouseKeyError as error:
            raise ValidationError(_refusal(error)) from error
        try:
            yield _taken(incoming, read, length)
        finally:
            incoming.discard()
            if not queries.kept([incoming.uuid]):
                strongroom.remove(incoming.uuid)


def _taken(incoming: Incoming, read: Callable[[int], bytes], length: int) -> Kept:
    came = 0
    try:
        while block := read(BLOCK):
            incoming.write(block)
            came += len(block)
        if came == length:
            return incoming.keep()
    except NoRoom as error:
        raise ValidationError(_refusal(error)) from error
    except UnreadablePostError:
        logger.info("an upload of %s bytes broke off after %s", length, came)
    raise ValidationError(_("It was cut off on its way; send it again. Nothing was kept."))


def clean_name(name: str) -> str:
    """Give a file's name without folders and without what does not show."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(letter for letter in base if letter.isprintable()).strip()
    return shown[:NAME] or _("unnamed")


def register(*, actor: Person, kept: Kept, name: str, about: models.Model, reason: str = "") -> Artefact:
    """Make what was kept an artefact, in the caller's transaction; ``reason`` says where it came from."""
    artefact = Artefact.objects.create(
        uuid=kept.uuid,
        name=clean_name(name),
        size=kept.size,
        digest=kept.digest,
        media_type=media_type(kept.head),
        key=kept.key,
    )
    note(artefact, Act.RECEIVED, actor=actor, about=about, reason=reason)
    return artefact
