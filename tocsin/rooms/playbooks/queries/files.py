"""A version as a CACAO file: the bytes it came as, or written anew when it was made here."""

from __future__ import annotations

import uuid

from tocsin import config
from tocsin.rooms.playbooks import knowledge
from tocsin.rooms.playbooks.knowledge.reading import read
from tocsin.rooms.playbooks.models import PlaybookVersion, Step


def file_of(version: PlaybookVersion) -> bytes:
    """Give the file of a version: byte for byte as it came, or a CACAO 2.0 playbook of our own once it was edited."""
    held = PlaybookVersion.objects.select_related("playbook", "base").get(pk=version.pk)
    if held.source is not None:
        return bytes(held.source)
    steps = Step.objects.filter(version=held).order_by("position")
    return knowledge.write(whole_of(held), [line_of(step) for step in steps])


def whole_of(version: PlaybookVersion) -> knowledge.Whole:
    """Give what a version made here is besides its lines."""
    playbook = version.playbook
    source = version.base.source if version.base is not None else None
    first = playbook.versions.filter(digest="").order_by("number").values_list("modified", flat=True)[0]
    return knowledge.Whole(
        own_id=playbook.own_id,
        author=f"identity--{uuid.uuid5(uuid.NAMESPACE_URL, config.load().url)}",
        name=version.name,
        description=version.description,
        types=version.types,
        tlp=version.tlp,
        created=first,
        modified=version.modified,
        rsit=playbook.rsit,
        severity_from=playbook.severity_from,
        translations=version.translations,
        source=read(bytes(source)) if source is not None else {},
    )


def line_of(step: Step) -> knowledge.Line:
    """Give a step as a line of a checklist."""
    return knowledge.Line(**{name: getattr(step, name) for name in knowledge.Line.__dataclass_fields__})
