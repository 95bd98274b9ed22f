"""Regular expressions that cannot run away: RE2, which is linear in the text whatever the expression.

RE2 is the judge of what is a valid expression (pySigma asks it through `POLICY`); Hyperscan does most of
the work, and RE2 runs what Hyperscan does not take. There is no backtracking engine anywhere: an
expression that needs one (look-around, back-references) is refused.
"""

from __future__ import annotations

import re
from typing import Any

import re2  # type: ignore[import-untyped]  # has no type information
from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RE2RegexEngine, RegexPattern

_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}


def compiled(pattern: str, flags: str = "") -> Any:
    """Compile an expression with flags among i, m and s; raise re2.error when it is none."""
    options = re2.Options()
    options.log_errors = False  # the error is raised, and told with file and line
    return re2.compile(f"(?{flags}){pattern}" if flags else pattern, options=options)


class _Quiet(RE2RegexEngine):
    def compile(self, pattern: str, flags: int = 0) -> RegexPattern:
        letters = "".join(letter for flag, letter in _FLAGS.items() if int(flags) & int(flag))
        expression: RegexPattern = compiled(pattern, letters)
        return expression


POLICY = SigmaPolicy(regex_engine=_Quiet())
