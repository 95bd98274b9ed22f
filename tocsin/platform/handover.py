"""How handing something over to another machine ends when it does not end well, whichever way it goes."""

from __future__ import annotations


class NotTaken(Exception):
    """The other side does not have the message. ``permanent`` tells whether trying again is of no use."""

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        super().__init__(text)
        self.permanent = permanent


class Lost(NotTaken):
    """The other side does not have the message and hung up: it takes no other on this connection."""


class Unknown(Exception):
    """The connection broke after the content began to flow: the other side may or may not have the message."""
