"""Turn the HTML of a mail into text, with what it quotes marked as in a plain mail.

Ready-made converters lose the marks by which mail programs tell quotes (classes, ids), so the text is written here;
the parsing is lxml's, which is linear and copes with any tag soup.
"""

from __future__ import annotations

import re

from lxml import etree

LIMIT = 400_000
_BLOCKS = {"p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "section", "article"}
_HIDDEN = {"head", "style", "script", "title", "template", "noscript", "object", "select", "textarea"}
_STRUCK = {"s", "strike", "del"}
_QUOTE = re.compile(
    r"(?:^|[\s_])(?:gmail_quote|gmail_quote_container|yahoo_quoted|protonmail_quote|zmail_extra)(?:\s|$)"
)
# Behind these everything is the mail that is answered.
_TAIL = re.compile(
    r"(?:^|_)(?:appendonsend|divrplyfwdmsg|mail-editor-reference-message-container|outlookmessageheader)$"
)
_UNSEEN = re.compile(r"display:none|visibility:hidden|mso-hide:all|font-size:0(?:px|pt|em|%)?(?:;|$)|opacity:0(?:;|$)")


class _Writer:
    """Receives the parser's events and writes lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line: list[str] = []
        self._stack: list[tuple[str, bool, bool]] = []
        self._hidden = self._quoted = self._size = 0
        self._tail = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        given = {name.lower(): value.lower() for name, value in attributes.items()}
        hides = tag in _HIDDEN or bool(_UNSEEN.search("".join(given.get("style", "")[:1000].split())))
        if tag in _BLOCKS or tag in {"br", "blockquote", "hr"}:
            self._break()
        if _TAIL.search(given.get("id", "")) or _TAIL.search(given.get("class", "")):
            self._tail = True
        quotes = tag == "blockquote" or bool(_QUOTE.search(given.get("class", "")[:1000]))
        self._stack.append((tag, hides, quotes))
        self._hidden += hides
        self._quoted += quotes
        if tag in {"p", "blockquote", "hr"}:
            self._gap()
        if tag in _STRUCK:
            self.data("~~")

    def end(self, tag: str) -> None:
        if tag in _STRUCK:
            self.data("~~")
        if tag in _BLOCKS or tag == "blockquote":
            self._break()
        if tag in {"td", "th"}:
            self.data(" ")
        if self._stack and self._stack[-1][0] == tag:
            _, hides, quotes = self._stack.pop()
            self._hidden -= hides
            self._quoted -= quotes
        if tag in {"p", "blockquote"}:
            self._gap()

    def data(self, text: str) -> None:
        if not self._hidden and self._size < LIMIT:
            self._size += len(text)
            self._line.append(text)

    def comment(self, text: str) -> None:
        """Leave comments out."""

    def close(self) -> list[str]:
        self._break()
        return self.lines

    def _break(self) -> None:
        line = " ".join("".join(self._line).split())
        self._line = []
        if line:
            self.lines.append(f"> {line}" if self._quoted or self._tail else line)

    def _gap(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")


def to_text(markup: str) -> tuple[str, bool]:
    """Give the text of a page as a reader sees it; False beside it when not all of it could be read."""
    writer = _Writer()
    parser = etree.HTMLParser(target=writer, recover=True, no_network=True, huge_tree=True)
    try:
        for start in range(0, len(markup), 65_536):
            parser.feed(markup[start : start + 65_536])
        parser.close()
    except etree.LxmlError:
        return "\n".join(writer.close()).strip(), not markup.strip()
    return "\n".join(writer.lines).strip(), True
