"""A delivery is read back as it was written."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from tocsin.pipeline.lake.delivery import Delivery, from_bytes, to_bytes


@given(st.binary(), st.text())
def test_it_is_read_back_as_it_was_written(body: bytes, named: str) -> None:
    delivery = Delivery(uuid4(), uuid4(), datetime.now(UTC), body, named)
    assert from_bytes(to_bytes(delivery)) == delivery
