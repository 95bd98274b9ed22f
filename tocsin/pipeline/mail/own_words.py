"""Find what the writer of a reply wrote: without quotes, signature and disclaimer.

A ready-made parser was tried (mail-parser-reply): short texts made for it keep it busy for more than twenty seconds,
and where the answer stands below the quote it gives the quote. Here one wrongly kept line of our own notice ("answer:
done") would be an answer, so what is not surely the writer's is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tocsin.pipeline.mail.phrases import meaning, plain, quoting

# The first line of our notices, by language; what stands below it is never the writer's.
REPLY_ABOVE = {
    "en": "##- Please type your answer above this line -##",
    "fr": "##- Merci d'écrire votre réponse au-dessus de cette ligne -##",
}
LINES, LINE = 5_000, 2_000
_GAP = re.compile(r"\n\s*\n")
_LETTERS = re.compile(r"[^a-z0-9]+")
_HEADER = re.compile(r"\W{0,4}([\w -]{1,12}?) ?: ?\S?")
_NAMED = re.compile(r"[\d@<]")
_RULE = re.compile(r"[-_=*]{5,}")
_KEEP = re.compile(r"p\.? ?s\.?\b|n\.?b\.?\b|.*\?(?: |$)|(?:\S+ +){8}")
_SPEAKING = (
    "doubt", "negation", "timing", "future", "matter", "not_applicable", "refused", "planned", "contained", "ended",
    "done", "question",
)  # fmt: skip
# Up to here a line of a quote was not broken by the writer's mail program.
_BROKEN = 60


def _bare(text: str) -> str:
    return _LETTERS.sub(" ", plain(text)).strip()


_MARKERS = tuple(_bare(marker) for marker in REPLY_ABOVE.values())


def own_words(text: str) -> str:
    """Give the writer's own words of a text, nothing when there are none."""
    lines = [line[:LINE].strip() for line in _GAP.sub("\n\n", text).splitlines()[:LINES]]
    kept = _without_quotes(lines, [plain(line) for line in lines])
    own = "\n".join(_without_signature(_without_disclaimer(kept)))
    return _GAP.sub("\n\n", own).strip()


def _without_quotes(lines: Sequence[str], bare: Sequence[str]) -> list[str]:
    """Leave out quoted lines, and everything below the place where a mail is quoted without marks."""
    kept: list[str] = []
    number = 0
    while number < len(lines):
        if _is_quote(lines[number]):
            number = _behind_quote(lines, number, kept)
            continue
        height = _attribution(bare, number)
        if height:
            number = _next_filled(lines, number + height)
            if number < len(lines) and not _is_quote(lines[number]):
                break
            continue
        if _begins_original(bare, number):
            break
        kept.append(lines[number])
        number += 1
    return kept


def _is_quote(line: str) -> bool:
    return line.startswith((">", "|", "»"))


def _behind_quote(lines: Sequence[str], number: int, kept: list[str]) -> int:
    """Go behind a quoted line; the rest of one that was broken belongs to it."""
    kept.append("")
    behind = number + 1
    if len(lines[number]) >= _BROKEN and behind < len(lines) and lines[behind] and not _is_quote(lines[behind]):
        following = behind + 1
        if following == len(lines) or _is_quote(lines[following]) or not lines[following]:
            return following
    return behind


def _next_filled(lines: Sequence[str], number: int) -> int:
    while number < len(lines) and not lines[number]:
        number += 1
    return number


def _attribution(bare: Sequence[str], number: int) -> int:
    """Say over how many lines it says who wrote what follows; 0 when it does not."""
    for height in (1, 2, 3):
        block = bare[number : number + height]
        said = len(block) == height and all(block) and _NAMED.search(block[0])
        if said and quoting("attribution").first(" ".join(block)):
            return height
    return 0


def _begins_original(bare: Sequence[str], number: int) -> bool:
    line = bare[number]
    if not line:
        return False
    if _is_marker(bare, number):
        return True
    if quoting("original").first(line):
        return True
    return _is_header(line) and _headers_below(bare, number) >= 3


def _is_marker(bare: Sequence[str], number: int) -> bool:
    """Say whether our first line begins here; mail programs may break it in two."""
    line, following = _bare(bare[number]), _bare(" ".join(bare[number + 1 : number + 2]))
    both = f"{line} {following}"
    return any(marker in line or (marker in both and marker not in following) for marker in _MARKERS)


def _headers_below(bare: Sequence[str], number: int) -> int:
    names = {line.partition(":")[0] for line in bare[number : number + 9] if _is_header(line)}
    return len(names)


def _is_header(line: str) -> bool:
    match = _HEADER.match(line)
    return bool(match and quoting("header").first(match[1].strip()))


def _without_signature(lines: Sequence[str]) -> list[str]:
    """Leave out what stands below two dashes or a closing formula, but for a postscript."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        bare = plain(line)
        if line == "--" or (_RULE.fullmatch(line) and number):
            return kept + _postscript(lines[number + 1 :])
        if quoting("mobile").first(bare):
            continue
        if quoting("closing").first(bare) and any(_filled(kept)):
            return kept + _postscript(lines[number + 1 :])
        kept.append(line)
    return kept


def _filled(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line]


def _postscript(lines: Sequence[str]) -> list[str]:
    """Give what is below a signature from the first line on that says something."""
    for number, line in enumerate(lines):
        bare = plain(line)
        if _KEEP.match(bare) or any(meaning(section).first(bare) for section in _SPEAKING):
            return ["", *lines[number:]]
    return []


def _without_disclaimer(lines: Sequence[str]) -> list[str]:
    paragraphs = "\n".join(lines).split("\n\n")
    kept = [p for p in paragraphs if not _is_disclaimer(plain(" ".join(p.split())))]
    return "\n\n".join(kept).splitlines()


def _is_disclaimer(paragraph: str) -> bool:
    found = {place.text for place in quoting("disclaimer").all(paragraph)}
    return len(found) >= 2
