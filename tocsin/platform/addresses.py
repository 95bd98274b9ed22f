"""Mail addresses: one form for what leaves, and whether two are the same."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _


def checked(address: str) -> str:
    """Give an address as it travels, its domain in ASCII; ValidationError when it is not one address and no more."""
    validate_email(address)  # no second recipient, no header
    local, _at, domain = address.rpartition("@")
    try:
        return f"{local}@{_ascii(domain)}"
    except UnicodeError as error:
        raise ValidationError(_("Enter a valid email address."), code="invalid") from error


def takes(address: str) -> bool:
    """Tell whether mail can be sent to an address at all."""
    try:
        return bool(checked(address))
    except ValidationError:
        return False


def same(first: str, second: str) -> bool:
    """Tell whether two addresses are one, however their domains are written."""
    return form(first) == form(second)


def form(address: str) -> str:
    """Give the one form in which addresses are compared."""
    if address.isascii():
        return address.lower()
    try:
        return checked(address).lower()
    except ValidationError:
        return address.lower()


def _ascii(domain: str) -> str:
    name = domain.encode("idna")
    if domain.isascii() or name.decode("idna") == domain.lower():
        return name.decode()
    raise UnicodeError(f"{domain} would become {name.decode()}")  # the codec is older than RFC 5891: ß becomes ss
