"""Tables as people and programs write them; a row is never swallowed by a broken one."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.rooms.exchange.knowledge import opening, rows

HEADER = ["No", "Subject", "State"]
CELLS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=20)


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "t.csv"
    path.write_bytes(text.encode(encoding))
    return path


def read(path: Path) -> tuple[rows.Layout, list[rows.Row]]:
    layout = rows.layout_of(path, opening.encoding_of(path))
    return layout, list(rows.read(path, layout))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_separator_are_found_out(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [["Numéro", "Objet", "État"], ["1", f"Hameçonnage{delimiter} ciblé", "Clôturé"], ["2", "Déni", "Ouvert"]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(lines)
    layout, found = read(table(tmp_path, text.getvalue(), encoding))
    assert (layout.delimiter, layout.header) == (delimiter, ("Numéro", "Objet", "État"))
    assert [list(row.cells.values()) for row in found] == lines[1:]


def test_a_foreign_letter_at_the_end_tells_the_encoding(tmp_path: Path) -> None:
    text = "No,Subject,State\n" + "1,x,open\n" * 20_000 + "2,é,open\n"
    _layout, found = read(table(tmp_path, text, "cp1252"))
    assert found[-1].cells["Subject"] == "é"


def test_an_open_quotation_mark_swallows_nothing(tmp_path: Path) -> None:
    text = 'No,Subject,State\n1,a,open\n2,"broken,open\n3,"c",open\n4,d,open\n5,"x,y",open\n'
    text += '6,f,"open\n7,g,open"\n8,h,open\n'
    _layout, found = read(table(tmp_path, text))
    assert [(row.line, bool(row.problem)) for row in found] == [
        (2, False), (3, True), (4, False), (5, False), (6, False), (7, True), (8, False), (9, False),
    ]  # fmt: skip
    assert found[6].cells["State"] == 'open"'
    assert found[1].raw == '2,"broken,open\n'


def test_a_text_of_several_lines_is_one_cell(tmp_path: Path) -> None:
    text = 'No;Subject;State\r\n1;"first\r\nsecond; ""quoted""\r\n";open\r\n2;b;closed\r\n'
    _layout, found = read(table(tmp_path, text))
    assert [row.cells.get("Subject") for row in found] == ['first\r\nsecond; "quoted"\r\n', "b"]
    assert [row.line for row in found] == [2, 5]


def test_bad_rows_say_what_is_wrong(tmp_path: Path) -> None:
    text = f"No,Subject,State\n1,a\n2,b,c,d\n3,{'x' * 200_000},open\n4,{'y' * 1_100_000},open\n"
    text += "5,nul\0here,open\n\n6,f,open\n"
    _layout, found = read(table(tmp_path, text))
    assert [row.problem for row in found] == [
        "2 cells where the heading has 3", "4 cells where the heading has 3",
        "a cell of more than 131,072 characters", "a line of more than a million characters", "", "",
    ]  # fmt: skip
    assert found[4].cells["Subject"] == "nul\ufffdhere"


@pytest.mark.parametrize("text", ["", "\n\n", "one column\n1\n", ",".join(f"c{n}" for n in range(400)) + "\n"])
def test_what_is_no_table_is_said(tmp_path: Path, text: str) -> None:
    path = table(tmp_path, text)
    with pytest.raises(rows.NoTable):
        rows.layout_of(path, "utf-8")


def test_headings_that_are_missing_or_twice_get_names_of_their_own(tmp_path: Path) -> None:
    layout, _found = read(table(tmp_path, "a,,a,a\n1,2,3,4\n"))
    assert len(set(layout.header)) == 4
    assert layout.header[:2] == ("a", "column 2")


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8), st.data())
def test_whatever_is_broken_every_whole_row_is_read(lines: list[tuple[str, str, str]], data: st.DataObject) -> None:
    """Rows of one line each survive any number of broken ones between them."""
    good = [tuple(" ".join(cell.split()) or "-" for cell in row) for row in lines]
    bad = st.sampled_from(['x,"open,y', 'x,y"z"', '"', "a,b", 'x,"a"b,c', '9,"open'])
    text = io.StringIO(newline="")
    text.write("No,Subject,State\n")
    for row in good:
        text.write(data.draw(st.sampled_from(["", "broken"])) and f"{data.draw(bad)}\n")
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(row)
    with tempfile.TemporaryDirectory() as folder:
        path = table(Path(folder), text.getvalue())
        found = list(rows.read(path, rows.Layout("utf-8", ",", tuple(HEADER))))
    read_back = [tuple(row.cells.values()) for row in found]
    assert [row for row in read_back if row] == good
