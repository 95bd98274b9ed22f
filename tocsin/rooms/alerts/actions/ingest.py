"""Take in logs with the installation's rules and chart: the way from a file or the journal to alerts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tocsin.pipeline.detect.engine import Engine
from tocsin.pipeline.engines.local import collect_seldom
from tocsin.pipeline.enrich.ownership import Ownership
from tocsin.rooms.alerts.actions.recording import record_hits
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.intake import actions as intake
from tocsin.rooms.intake.actions.files import Progress
from tocsin.rooms.intake.models import Receipt
from tocsin.rooms.rules import queries as rules


@dataclass(frozen=True, slots=True)
class Ingest:
    """What is needed to take logs in: the enabled rules, compiled, and who owns what."""

    engine: Engine
    ownership: Ownership

    @classmethod
    def ready(cls) -> Self:
        """Give the tools as they are now."""
        tools = cls(Engine(rules.plan()), constituency.ownership())
        collect_seldom()
        return tools

    def file(
        self,
        path: Path,
        *,
        source: str,
        organisation: str | None = None,
        format: str | None = None,  # noqa: A002  # the word the whole house uses
        progress: Progress | None = None,
    ) -> Receipt:
        """Take what is new in a file; the source is made when there is none of that name."""
        owner = Organisation.objects.get(code=organisation) if organisation else None
        return intake.take_file(
            path,
            source=intake.source_named(source, organisation=owner),
            engine=self.engine,
            ownership=self.ownership,
            record_hits=record_hits,
            format=format,
            progress=progress,
        )

    def journal(self) -> int:
        """Take what the journal holds; give the number of deliveries."""
        return intake.take_journal(engine=self.engine, ownership=self.ownership, record_hits=record_hits)
