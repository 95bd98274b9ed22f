"""Hand something over to an organisation's own tool: signed JSON to its URL, as Standard Webhooks 1.0 says.

A tool knows by ``webhook-id`` what it had already: what may have arrived is therefore tried again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import time
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tocsin import config
from tocsin.platform import posting
from tocsin.platform.handover import NotTaken, Unknown

if TYPE_CHECKING:  # the doctor asks here before there are models
    from tocsin.platform.models import OutboxMessage

LONGEST = 250
PREFIX = "whsec_"


def checked(url: str) -> str:
    """Give a URL that can be posted to; ValidationError when it is none."""
    try:
        target = posting.Target.of(url)
    except ValueError as error:
        raise ValidationError(_("This is no address of a web server: %s.") % error, code="invalid") from error
    if not target.secure:
        raise ValidationError(_("What is told is told to https:// only."), code="invalid")
    if not _may_be_public(target.host):
        raise ValidationError(
            _("This address is not public; ask the administrator to list its network."), code="invalid"
        )
    if len(url) > LONGEST:
        raise ValidationError(_("This address is too long."), code="invalid")
    return url


def _may_be_public(host: str) -> bool:
    """Tell whether a host may be posted to, as far as can be said without asking for its name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    return posting.is_public(address) or any(address in network for network in inside())


def shown(address: str) -> str:
    """Give an address as it may be shown: of a URL what stands before its query, which is often a secret."""
    return address.partition("?")[0] if "://" in address else address


def secret_for(organisation: str, url: str) -> str:
    """Give the secret with which an organisation's tool checks what comes from here; another URL has another."""
    key = config.load().secret_key.encode()
    derived = hmac.digest(key, f"tocsin.webhook:{organisation}:{url}".encode(), hashlib.sha256)
    return PREFIX + base64.b64encode(derived).decode()


def signature(secret: str, identity: str, timestamp: int, body: bytes) -> str:
    """Sign as Standard Webhooks 1.0 says: HMAC-SHA256 over id, time and body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.digest(key, f"{identity}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed).decode()}"


def inside() -> tuple[posting.Network, ...]:
    """Give the networks of ours to which tools may be posted, as TOCSIN_WEBHOOK_NETWORKS says."""
    named = config.load().tocsin_webhook_networks.replace(",", " ").split()
    try:
        return tuple(ipaddress.ip_network(each) for each in named)
    except ValueError as error:
        raise config.ConfigError(f"TOCSIN_WEBHOOK_NETWORKS: {error}") from error


def hand_over(message: OutboxMessage) -> None:
    """Post one message; NotTaken when it must be tried again, or cannot be."""
    target = posting.Target.of(message.recipient)
    body, now, identity = message.body.encode(), int(time.time()), f"msg_{message.uuid.hex}"
    # A person's own tool has a secret of its own, which nobody else of the organisation can ask for.
    secret = secret_for(message.key or message.decision.recipient_organisation, message.recipient)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "webhook-id": identity,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(secret, identity, now, body),
    }
    try:
        posting.post(target, posting.addresses_of(target, inside()), body, headers)
    except Unknown as error:
        raise NotTaken(str(error)) from error
