"""The rules of the house as tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(p for p in (ROOT / "tocsin").rglob("*.py") if "migrations" not in p.parts)
FILE_LINES, FUNCTION_LINES = 400, 50
ROOM_FILES = {
    "__init__", "models", "querysets", "queries", "actions", "pages", "api", "forms", "urls", "jobs", "apps",
    "adapter", "knowledge", "schemas", "search",
}  # fmt: skip


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))], ids=relative)
def test_files_and_functions_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= FILE_LINES
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(path) if f.end_lineno}
    assert {name: lines for name, lines in long.items() if lines > FUNCTION_LINES} == {}


def test_no_page_or_template_reads_tables_itself() -> None:
    doors = [p for p in SOURCES if p.stem in {"pages", "api"} or p.parent.name in {"pages", "api"}]
    doors += (ROOT / "tocsin").rglob("*.html")
    assert [relative(p) for p in doors if ".objects." in p.read_text()] == []


def test_rooms_have_the_same_files() -> None:
    found = {p.stem for p in (ROOT / "tocsin" / "rooms").glob("*/*.py")}
    assert found <= ROOM_FILES


def test_only_the_outbox_sends_mail() -> None:
    senders = re.compile(r"smtplib|\bsend_mail\(|EmailMessage\(|EmailMultiAlternatives|get_connection")
    found = {relative(p) for p in SOURCES if senders.search(p.read_text())}
    # The adapter of sign-in overrides the library's sender with one that sends nothing; mime only writes.
    assert found <= {f"tocsin/platform/{name}.py" for name in ("mime", "smtp")} | {"tocsin/rooms/accounts/adapter.py"}
    importers = [relative(p) for p in SOURCES if re.search(r"import .*\bsmtp\b", p.read_text())]
    assert set(importers) == {"tocsin/platform/ways.py", "tocsin/platform/doctor.py"}  # the doctor only says hello


def test_only_webhooks_and_short_messages_are_posted() -> None:
    clients = re.compile(r"http\.client|urllib\.request|\bimport (?:requests|httpx|aiohttp|urllib3)\b")
    assert [relative(p) for p in SOURCES if clients.search(p.read_text())] == ["tocsin/platform/posting.py"]
    importers = {relative(p) for p in SOURCES if re.search(r"import .*\bposting\b", p.read_text())}
    assert importers == {f"tocsin/platform/{name}.py" for name in ("webhooks", "sms", "peering")}
    importers = {relative(p) for p in SOURCES if re.search(r"import .*\bways\b", p.read_text())}
    assert importers == {"tocsin/platform/outbox.py"}


def test_what_is_carried_to_desks_of_others_is_asked_for_at_the_gate() -> None:
    actions = "tocsin/rooms/exchange/actions"
    importers = {relative(p) for p in SOURCES if re.search(r"import .*\bpeering\b", p.read_text())}
    assert importers == {f"{actions}/rt.py", f"{actions}/desks.py"}
    makers = {relative(p) for p in SOURCES if re.search(r"\bPassing\.objects\.create\(", p.read_text())}
    assert makers == {f"{actions}/carrying.py", f"{actions}/hearing.py"}
    claim = next(f for f in functions(ROOT / actions / "carrying.py") if f.name == "_claim")
    asked, made = (ast.unparse(claim).index(each) for each in ("gate.ask(", "_written("))
    assert asked < made, "asked before anything is written down to be sent"


def test_only_notices_send() -> None:
    senders = re.compile(r"outbox\.(?:send|send_many|Message)\(")
    found = {relative(p) for p in SOURCES if senders.search(p.read_text())}
    assert {path.rpartition("/")[0] for path in found} == {"tocsin/rooms/notices/actions"}


def test_every_sender_asks_the_gate() -> None:
    makers = [
        relative(p) for p in SOURCES if re.search(r"(?<!class )OutboxMessage(\.objects\.\w*create)?\(", p.read_text())
    ]
    assert makers == ["tocsin/platform/outbox.py"]
    outbox = ast.parse((ROOT / makers[0]).read_text())
    making = [
        f
        for f in ast.walk(outbox)
        if isinstance(f, ast.FunctionDef) and "OutboxMessage.objects.bulk_create" in ast.unparse(f)
    ]
    assert making, "the outbox makes its messages in one place"
    assert all("gate." in ast.unparse(maker) for maker in making)


def test_nobody_filters_by_organisation_in_a_page() -> None:
    inline = re.compile(r"\.filter\([^)]*organisation")
    pages = [p for p in SOURCES if p.stem in {"pages", "api"}]
    assert [relative(p) for p in pages if inline.search(p.read_text())] == []


def swallows(handler: ast.ExceptHandler) -> bool:
    broad = handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}
    return broad and not isinstance(handler.body[-1], ast.Raise)


def test_broad_excepts_stay_at_the_edges() -> None:
    edges = {"tocsin/platform/jobs.py", "tocsin/platform/supervisor.py"}
    found = {
        relative(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and swallows(node)
    }
    assert found <= edges


def test_every_module_says_what_it_is_for() -> None:
    silent = [relative(p) for p in SOURCES if p.read_text().strip() and not ast.get_docstring(ast.parse(p.read_text()))]
    assert silent == []


def test_nothing_names_a_machine_or_a_registry() -> None:
    forbidden = re.compile(r"(?<![\w.])/(?:work|root|farm)/|https?://[\w.]*(?:pypi|pythonhosted|npmjs|crates)\.")
    kinds = {".py", ".html", ".md", ".toml", ".txt", ".yaml", ".yml", ".js", ".css"}
    found = [
        relative(p)
        for folder in ("tocsin", "tests", "docs", "bench")
        for p in (ROOT / folder).rglob("*")
        if p.suffix in kinds and p != Path(__file__) and forbidden.search(p.read_text(errors="replace"))
    ]
    assert found == []


def test_locked_requirements_are_hashed_and_carry_no_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        pinned = re.findall(r"^[\w.\[\]-]+==", text, re.MULTILINE)
        assert pinned
        assert len(re.findall(r"==[^\s]+ \\\n    --hash=sha256:", text)) == len(pinned)
        assert "://" not in text
