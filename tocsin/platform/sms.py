"""Hand a short text to the gateway of the house. How that is asked stands in the file TOCSIN_SMS_GATEWAY."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
import yaml
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field
from pydantic import ValidationError as Invalid

from tocsin import config
from tocsin.platform import posting

if TYPE_CHECKING:  # the doctor asks here before there are models
    from tocsin.platform.models import OutboxMessage

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_BETWEEN = re.compile(r"[\s./()\u2010-\u2015-]+")


class Gateway(BaseModel):
    """How a gateway is asked: by a POST of ``json`` or ``form``, in which {to}, {text} and {id} are filled in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    headers: Mapping[str, str] = {}
    json_: Mapping[str, Any] | None = Field(None, alias="json")
    form: Mapping[str, str] | None = None

    def body(self, given: Mapping[str, str]) -> tuple[bytes, str]:
        """Give what is posted, and its media type."""
        if self.form is not None:
            return urlencode(_filled(self.form, given)).encode(), "application/x-www-form-urlencoded"
        return orjson.dumps(_filled(self.json_, given)), "application/json"


def _filled(value: Any, given: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\{(to|text|id)\}", lambda found: given[found[1]], value)
    if isinstance(value, Mapping):
        return {name: _filled(each, given) for name, each in value.items()}
    return [_filled(each, given) for each in value] if isinstance(value, list) else value


def number(phone: str) -> str:
    """Give a telephone number as gateways take it (E.164: +3222956000); empty when it is none they could dial."""
    plain = _BETWEEN.sub("", phone.replace("(0)", ""))
    plain = f"+{plain[2:]}" if plain.startswith("00") else plain
    return plain if E164.fullmatch(plain) else ""


def checked(phone: str) -> str:
    """Give the number to dial; ValidationError when it is none."""
    found = number(phone)
    if not found:
        raise ValidationError(_("Write the number with the country: +32 2 295 60 00."), code="invalid")
    return found


def known() -> bool:
    """Tell whether the house has a gateway."""
    return bool(config.load().tocsin_sms_gateway)


def gateway() -> Gateway:
    """Read how the gateway is asked; ConfigError when that cannot be understood."""
    path = Path(config.load().tocsin_sms_gateway)
    try:
        found = Gateway.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        posting.Target.of(found.url)
    except OSError as error:
        raise config.ConfigError(f"TOCSIN_SMS_GATEWAY: {path}: {error.strerror}") from error
    except Invalid as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise config.ConfigError(f"TOCSIN_SMS_GATEWAY: {path}: {where}: {first['msg']}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise config.ConfigError(f"TOCSIN_SMS_GATEWAY: {path}: {error}") from error
    if (found.json_ is None) == (found.form is None):
        raise config.ConfigError(f"TOCSIN_SMS_GATEWAY: {path}: say either json or form, and what goes into it")
    return found


def hand_over(asked: Gateway, message: OutboxMessage) -> None:
    """Give one text to the gateway; NotTaken or Unknown when that fails."""
    target = posting.Target.of(asked.url)
    body, media = asked.body({"to": message.recipient, "text": message.body, "id": message.uuid.hex})
    posting.post(target, posting.addresses_of(target, None), body, {"Content-Type": media, **asked.headers})
