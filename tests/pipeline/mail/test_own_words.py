"""What the writer wrote is told from what they quote, in the habits of the mail programs."""

from __future__ import annotations

import io

import pytest

from tests.pipeline.mail.builder import build, entries
from tests.pipeline.mail.writing import meant, page
from tocsin.pipeline.mail.letter import read_letter
from tocsin.pipeline.mail.own_words import REPLY_ABOVE, own_words
from tocsin.pipeline.mail.replies import understand


@pytest.mark.parametrize("name", ["en", "fr", "more", "later", "unseen"])
def test_nothing_of_our_notice_is_taken_for_the_writers_words(name: str) -> None:
    for entry in entries(name):
        own = read_letter(io.BytesIO(build(entry))).own
        for ours in ("CERT Operations", "acknowledged, not", "pris en compte, non", "are infected", "sont infectées"):
            assert ours not in own, entry["shape"]


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Done.\n\n> quoted\n> more", "Done."),
        ("> quoted\n\nDone.", "Done."),
        ("> first question\n\nYes.\n\n> second\n\nNo.", "Yes.\n\nNo."),
        ("Fine.\n\nOn Thu, 12 Nov 2026 at 09:14, A <a@b.example>\nwrote:\n\nPlease answer: done", "Fine."),
        ("Bien.\n\nLe 12/11/2026 à 09:14, A a écrit :\n\nRépondez : fait", "Bien."),
        ("Fine.\n-----Original Message-----\nFrom: A\nDone", "Fine."),
        ("Bien.\n-----Message d'origine-----\nDe : A\nFait", "Bien."),
        ("Bien.\n\nDe : A\nEnvoyé : jeudi\nÀ : B\nObjet : C\n\nFait", "Bien."),
        ("Fine.\n\n*From:* A\n*Sent:* today\n*To:* B\n*Subject:* C\n\nDone", "Fine."),
        ("Fine.\n\nKind regards,\nAnna Lindqvist\nHead of IT", "Fine."),
        ("Bien.\n\nCordialement\nAnne\nRSSI", "Bien."),
        ("Fine.\n-- \nAnna", "Fine."),
        ("Fine.\n\nSent from my iPhone", "Fine."),
        ("Bien.\n\nEnvoyé de mon iPhone", "Bien."),
        ("Fine.\n\nRegards\nAnna\nPS: one machine is left", "Fine.\n\nPS: one machine is left"),
        ("Fine.\n\nThanks\nBut not on the second server", "Fine.\n\nBut not on the second server"),
        ("From: the beginning it was fine.", "From: the beginning it was fine."),
        ("-- \nAnna", ""),
        ("", ""),
    ],
)
def test_it_keeps_the_writers_words(text: str, own: str) -> None:
    assert own_words(text) == own


@pytest.mark.parametrize("language", REPLY_ABOVE)
@pytest.mark.parametrize("before", ["", "> ", "  ", "* "])
def test_nothing_below_our_first_line_is_kept(language: str, before: str) -> None:
    assert own_words(f"Well.\n{before}{REPLY_ABOVE[language]}\nDone.") == "Well." or before == "> "
    assert understand(page(f"<p>Well</p><p>{REPLY_ABOVE[language]}</p><p>Done.</p>")).kind == "unclear"


def test_our_first_line_is_known_when_a_program_broke_it() -> None:
    first, second = REPLY_ABOVE["en"][:28], REPLY_ABOVE["en"][28:]
    assert own_words(f"Well.\n{first}\n{second}\nDone.") == "Well."


def test_the_rest_of_a_quoted_line_that_was_broken_is_quoted() -> None:
    long = "> If you have finished, answer with one of these: acknowledged, not applicable,"
    assert own_words(f"Well.\n{long}\ndone\n> Yours, CERT") == "Well."


def test_a_disclaimer_is_not_read() -> None:
    said = "This e-mail is confidential. If you are not the intended recipient, it is not for you and delete it."
    assert meant(f"Done.\n\n{said}").kind == "done"


@pytest.mark.parametrize(
    "markup",
    [
        '<p>Well</p><div class="gmail_quote">Done.</div>',
        '<p>Well</p><div class="x_gmail_quote">Done.</div>',
        '<p>Well</p><blockquote type="cite">Done.</blockquote>',
        '<p>Well</p><div id="appendonsend"></div><hr><p>Done.</p>',
        '<p>Well</p><div id="x_divRplyFwdMsg">From</div><p>Done.</p>',
        '<p>Well</p><div class="yahoo_quoted">Done.</div>',
        '<p>Well</p><p style="display: none">Done.</p>',
        "<p>Well</p><!-- Done. --><style>Done.</style><title>Done.</title>",
        '<p>Well</p><div class="gmail_quote"><b>x</i></b></div></div></p>Done. <blockquote>',
    ],
)
def test_what_a_page_quotes_or_hides_is_not_read(markup: str) -> None:
    assert page(markup).own.partition("\n")[0] == "Well"
    if not markup.endswith("<blockquote>"):
        assert page(markup).own == "Well"


def test_struck_words_are_in_doubt() -> None:
    assert understand(page("<p>It is <s>not</s> fixed.</p>")).kind == "unclear"
    assert understand(page("<p><del>Done.</del></p>")).kind == "unclear"
