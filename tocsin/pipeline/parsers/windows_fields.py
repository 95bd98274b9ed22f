"""One shape for Windows records, whatever carried them: the native field names SigmaHQ rules use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.pipeline.parsers.columns import as_text
from tocsin.pipeline.schema.event import Kind

# What other shippers call the fields every rule is chosen by (NXLog, Logstash, Azure Monitor, Raccine).
ALIASES = {
    "Provider_Name": ("SourceName", "ProviderName", "EventSourceName", "Source", "source_name"),
    "Computer": ("Hostname", "MachineName", "HostName"),
    "Channel": ("LogName", "EventLog"),
    "EventID": ("EventId", "Id", "event_id"),
}
# The names of the system part win over fields of the same name in an event's own data.
FIXED = frozenset(ALIASES)
_CHANNEL_OF_PROVIDER = {"microsoft-windows-sysmon": "microsoft-windows-sysmon/operational"}


class Kinds(dict[tuple[Any, Any, Any], Kind]):
    """Give the kind for a channel, event id and provider; remembers those already seen."""

    def __missing__(self, key: tuple[Any, Any, Any]) -> Kind:
        channel, code, provider = (as_text(part) if part is not None else "" for part in key)
        lower = channel.lower() or _CHANNEL_OF_PROVIDER.get(provider.lower(), "")
        kind = Kind("windows", lower, code.strip())
        if len(self) < 100_000:  # hostile input must not fill the memory
            self[key] = kind
        return kind


def flat(event: dict[str, Any]) -> dict[str, Any] | None:
    """Name the fields of a flat record as rules know them, in place; None when it is no Windows record."""
    if not event.keys() >= FIXED:
        for name, others in ALIASES.items():
            if name not in event:
                found = next((other for other in others if event.get(other) is not None), None)
                if found:
                    event[name] = event[found]
        if event.get("EventID") is None or not (event.get("Channel") or event.get("Provider_Name")):
            return None
    return event


def nested(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """Flatten Event/System/EventData as evtx tools write it; None when there is no event id."""
    system = event.get("System")
    if not isinstance(system, dict):
        return None
    fields = dict(_system(system))
    for part in ("EventData", "ProcessingErrorData"):
        _add(fields, _data(event.get(part)))
    user = event.get("UserData")
    if isinstance(user, dict):
        for name, value in user.items():
            if name[:1] not in "#@":
                _add(fields, _data(value) if isinstance(value, dict) else ((name, value),))
    return fields if fields.get("EventID") is not None else None


def fields_of(event: dict[str, Any]) -> dict[str, Any] | None:
    """Give the native fields of a record in any of the shapes; None when it is no Windows record."""
    if "EventID" in event and "Channel" in event and not isinstance(event["EventID"], dict):
        return flat(event)
    inner = event.get("Event")
    if isinstance(inner, dict):
        return nested(inner)
    if "System" in event:
        return nested(event)
    if "winlog" in event:
        return winlogbeat(event)
    source = event.get("_source")
    if isinstance(source, dict) and "_source" not in source:
        return fields_of(source)
    return winlogbeat(_undotted(event)) if any(name.startswith("winlog.") for name in event) else flat(event)


def _undotted(event: Mapping[str, Any]) -> dict[str, Any]:
    """Turn ``winlog.event_data.Image`` back into objects within objects."""
    whole: dict[str, Any] = {}
    for name, value in event.items():
        *path, last = name.split(".")
        inner = whole
        for step in path:
            following = inner.setdefault(step, {})
            inner = following if isinstance(following, dict) else {}
        inner[last] = value
    return whole


def _add(fields: dict[str, Any], data: Any) -> None:
    fields.update((name, value) for name, value in data if name not in FIXED)


def attributes(element: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the XML attributes of an element, as evtx_dump (#attributes) or xmltodict (@Name) write them."""
    grouped = element.get("#attributes")
    if isinstance(grouped, dict):
        yield from grouped.items()
    for name, value in element.items():
        if name[:1] == "@":
            yield name[1:], value


def _system(system: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the fields of the system part: ``Provider_Name`` for the attribute, ``SystemTime`` for the stamp."""
    for element, value in system.items():
        if element[:1] in "#@" or value is None:
            continue
        if not isinstance(value, dict):
            yield element, value
            continue
        if "#text" in value:
            yield element, value["#text"]
        for name, content in attributes(value):
            yield ("SystemTime" if name == "SystemTime" else f"{element}_{name}"), content
        if "Name" in value and "#attributes" not in value:
            yield f"{element}_Name", value["Name"]


def _data(data: Any) -> Iterator[tuple[str, Any]]:
    """Give the named fields of an event's data; nameless ones together as ``Data``."""
    if isinstance(data, dict):
        for name, value in data.items():
            if name[:1] == "#" or name[:1] == "@":
                continue
            if name == "Data":
                yield from _nameless(value)
            else:
                yield name, _text_of(value)
    elif isinstance(data, list):
        yield from _nameless(data)
    elif isinstance(data, str) and data:
        yield "Data", data


def _nameless(value: Any) -> Iterator[tuple[str, Any]]:
    """Tell ``<Data Name="x">`` written as objects from plain ``<Data>`` elements."""
    items = value if isinstance(value, list) else [value]
    plain: list[Any] = []
    for item in items:
        name = dict(attributes(item)).get("Name") if isinstance(item, dict) else None
        if name is None:
            content = _text_of(item)
            plain.extend(content if isinstance(content, list) else [content])
        else:
            yield str(name), item.get("#text")
    if plain:
        yield "Data", plain if len(plain) > 1 else plain[0]


def _text_of(value: Any) -> Any:
    return value["#text"] if isinstance(value, dict) and "#text" in value else value


def winlogbeat(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the native fields of a record shipped by winlogbeat or Elastic Agent; None when it is none."""
    log = event.get("winlog")
    if not isinstance(log, dict):
        return None
    fields: dict[str, Any] = {name: value for name, value in _beat_system(log, event) if value is not None}
    for part in ("event_data", "user_data"):
        data = log.get(part)
        if isinstance(data, dict):
            _add(fields, data.items())
    _params(fields)
    return fields if fields.get("EventID") is not None else None


def _beat_system(log: Mapping[str, Any], event: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    header, process, user = event.get("event"), log.get("process"), log.get("user")
    header = header if isinstance(header, dict) else {}
    code = log.get("event_id")
    yield "EventID", code if code is not None else header.get("code")
    yield "Channel", log.get("channel")
    yield "Provider_Name", log.get("provider_name", header.get("provider"))
    yield "Provider_Guid", log.get("provider_guid")
    yield "Computer", log.get("computer_name")
    yield "EventRecordID", log.get("record_id")
    yield "SystemTime", header.get("created") if "@timestamp" not in event else event["@timestamp"]
    yield "Message", event.get("message")
    yield "Task", log.get("task")
    yield "Opcode", log.get("opcode")
    yield "Keywords", log.get("keywords")
    if isinstance(process, dict):
        yield "Execution_ProcessID", process.get("pid")
    if isinstance(user, dict):
        yield "Security_UserID", user.get("identifier")


def _params(fields: dict[str, Any]) -> None:
    """Gather nameless values, which the shipper numbers param1, param2, ..., as ``Data`` too."""
    numbered = [fields[name] for name in (f"param{number}" for number in range(1, 100)) if name in fields]
    if numbered and "Data" not in fields:
        fields["Data"] = numbered if len(numbered) > 1 else numbered[0]
