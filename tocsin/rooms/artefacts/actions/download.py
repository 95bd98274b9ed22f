"""The answer by which an artefact leaves: a file to save and never to show."""

from __future__ import annotations

from django.http import FileResponse

from tocsin.rooms.artefacts.actions.custody import Outgoing
from tocsin.rooms.artefacts.models import Artefact


class Download(FileResponse):
    """Gives the content as it is decrypted; whatever is in it, no browser runs it here."""

    block_size = 1 << 20

    def __init__(self, artefact: Artefact, content: Outgoing) -> None:
        super().__init__(content, as_attachment=True, filename=artefact.name, content_type="application/octet-stream")
        self["X-Content-Type-Options"] = "nosniff"
        self["Content-Security-Policy"] = "sandbox; default-src 'none'"
        self["X-SHA-256"] = artefact.digest
