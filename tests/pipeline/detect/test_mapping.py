"""Log sources find their records, and fields their columns."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.pipeline.detect.building import plan, rows, rule
from tocsin.pipeline.detect.errors import CannotRun, MappingError
from tocsin.pipeline.detect.mapping import mapping_files, read_mapping, scopes, scopes_of
from tocsin.pipeline.detect.rule import LogSource
from tocsin.pipeline.schema.event import Kind
from tocsin.pipeline.schema.vocabulary import vocabulary

SYSMON = "microsoft-windows-sysmon/operational"
HITS: list[tuple[dict[str, str], Any, Kind, dict[str, Any]]] = [
    ({"product": "windows"}, {"Image": "x"}, Kind("windows", "any", "1"), {"Image": "x"}),
    ({"category": "process_creation"}, {"Image": "x"}, Kind("windows", SYSMON, "1"), {"Image": "x"}),
    (
        {"product": "windows", "category": "process_creation"},
        {"Image|endswith": r"\x.exe", "ParentImage": "y"},
        Kind("windows", "security", "4688"),
        {"NewProcessName": r"C:\x.exe", "ParentProcessName": "y"},
    ),
    (
        {"product": "windows", "category": "registry_add"},
        {"TargetObject": "x"},
        Kind("windows", SYSMON, "12"),
        {"TargetObject": "x", "EventType": "CreateKey"},
    ),
    ({"product": "windows", "service": "security"}, {"EventID": 4624}, Kind("windows", "security", "4624"), {}),
    (
        {"product": "windows", "service": "security"},
        {"EventID": 4624},
        Kind("windows", "security", ""),
        {"EventID": 4624},
    ),
    ({"product": "windows", "service": "system"}, {"Channel": "System"}, Kind("windows", "system", "1"), {}),
    ({"product": "windows", "service": "system"}, {"Channel|endswith": "stem"}, Kind("windows", "system", "1"), {}),
    (
        {"product": "windows", "service": "sysmon", "category": "process_creation"},
        {"Image": "x"},
        Kind("windows", SYSMON, "1"),
        {"Image": "x"},
    ),
    (
        {"product": "windows", "service": "windefend"},
        {"ThreatName": "x", "SourceName": "y"},
        Kind("windows", "microsoft-windows-windows defender/operational", "1116"),
        {"Threat Name": "x", "SourceName": "y"},
    ),
    ({"product": "linux"}, ["x"], Kind("linux", "any"), {"message": "axb"}),
    ({"product": "linux", "service": "auth"}, ["x"], Kind("linux", "sshd"), {"message": "axb"}),
    ({"product": "linux", "service": "sudo"}, {"USER": "root"}, Kind("linux", "sudo"), {"user.target.name": "root"}),
    (
        {"product": "linux", "category": "process_creation"},
        {"Image": "/x"},
        Kind("windows", "linux-sysmon/operational", "1"),
        {"Image": "/x"},
    ),
    (
        {"category": "webserver"},
        {"cs-uri-query|contains": "/../", "sc-status": 200, "c-ip|cidr": "192.0.2.0/24"},
        Kind("web", "access"),
        {"url.original": "/a/../b", "http.response.status_code": 200, "source.ip": "192.0.2.1"},
    ),
    ({"category": "dns"}, {"query|endswith": ".x"}, Kind("zeek", "dns"), {"dns.question.name": "a.x"}),
    ({"category": "proxy"}, {"c-useragent": "x"}, Kind("zeek", "http"), {"user_agent.original": "x"}),
    ({"category": "firewall"}, {"dst_port": 22}, Kind("zeek", "conn"), {"destination.port": 22}),
    ({"product": "zeek", "service": "dns"}, {"answers": "b"}, Kind("zeek", "dns"), {"dns.answers.data": ["a", "b"]}),
    (
        {"product": "zeek", "service": "dns"},
        {"Z": 0, "rejected": "true"},
        Kind("zeek", "dns"),
        {"Z": 0, "rejected": True},
    ),
    ({"product": "zeek", "service": "smb_files"}, {"path": r"\\a"}, Kind("zeek", "smb_files"), {"path": r"\a"}),
]
MISSES: list[tuple[dict[str, str], Any, Kind, dict[str, Any]]] = [
    (
        {"product": "windows", "category": "process_creation"},
        {"Image": "x"},
        Kind("windows", SYSMON, "5"),
        {"Image": "x"},
    ),
    ({"product": "windows", "service": "security"}, {"EventID": 4624}, Kind("windows", "security", "4625"), {}),
    ({"product": "windows", "service": "security"}, {"EventID": 4624}, Kind("windows", "system", "4624"), {}),
    (
        {"product": "windows", "category": "registry_add"},
        {"TargetObject": "x"},
        Kind("windows", SYSMON, "12"),
        {"TargetObject": "x", "EventType": "DeleteKey"},
    ),
    (
        {"product": "windows", "service": "windefend"},
        {"ThreatName": None},
        Kind("windows", "microsoft-windows-windows defender/operational", "1116"),
        {"Threat Name": "x"},
    ),
    ({"product": "linux", "service": "sudo"}, ["x"], Kind("linux", "sshd"), {"message": "x"}),
    ({"category": "dns"}, {"query": "x"}, Kind("zeek", "conn"), {"dns.question.name": "x"}),
]


@pytest.mark.parametrize(("source", "selection", "kind", "event"), HITS)
def test_it_finds(source: dict[str, str], selection: Any, kind: Kind, event: dict[str, Any]) -> None:
    assert rows(plan(rule({"selection": selection}, logsource=source)), [event], kind) == [("A rule", 0)]


@pytest.mark.parametrize(("source", "selection", "kind", "event"), MISSES)
def test_it_passes_over(source: dict[str, str], selection: Any, kind: Kind, event: dict[str, Any]) -> None:
    assert rows(plan(rule({"selection": selection}, logsource=source)), [event], kind) == []


def test_a_field_unknown_in_one_log_source_narrows_the_rule_to_the_others() -> None:
    proxied = rule({"selection": {"cs-username": "x"}}, logsource={"category": "webserver"})
    assert rows(plan(proxied), [{"user.name": "x"}], Kind("web", "access")) == [("A rule", 0)]


def test_a_category_and_a_service_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(CannotRun, match="no format that is read here"):
        scopes_of(LogSource("windows", "process_creation", "application"))


def test_every_mapping_file_names_known_columns() -> None:
    for file in mapping_files():
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        for scope in read_mapping(file):
            if document["records"] != "windows":
                named = {column for columns in scope.fields.values() for column in columns}
                assert named <= vocabulary().keys(), file.name
            assert scope.subject, f"{file.name}: {scope.sigma} has no subject"


def test_no_log_source_is_mapped_twice_to_the_same_records() -> None:
    seen = [
        (scope.sigma, scope.product, channel, scope.codes) for scope in scopes() for channel in scope.channels or ("",)
    ]
    assert len(seen) == len(set(seen))


BROKEN = [
    ("a: [", "while parsing"),
    ("[]", "give records and sources"),
    ("records: x\nsources: [{}]", "x.yaml, source 1: give sigma"),
    ("records: x\nsources: [{sigma: {product: x}, colour: red}]", "source 1: give sigma"),
    ("records: x\nsubject: [nobody]\nsources: [{sigma: {product: x}}]", "subjects are columns of the vocabulary"),
    ("records: x\nsources: [{sigma: {planet: x}}]", "source 1: sigma has product, category and service"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_a_broken_mapping_says_where(tmp_path: Any, text: str, message: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(MappingError, match=message):
        list(read_mapping(tmp_path / "x.yaml"))
