"""Policies as a command names them: file, fixed:LEVEL, threshold:6,12, slo:10, planned:10,
table:FOLDER. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from pydantic import ValidationError

from loadgen.intensity import BadLoad
from services.contract.rules import BadRules, PolicyRules, Slo, check

NOTATION = (
    "file (what policy.toml says), fixed:LEVEL, threshold:6,12 (depths), slo:10 or planned:10 "
    "(seconds that the 95th percentile is to stay within), or table:FOLDER (with a file for each "
    "rate)"
)
LONGEST_REASON = 200
"""Characters that the gateway takes."""


@dataclass(frozen=True)
class Policy:
    """What a user wrote, and the rules that it means; None: those of policy.toml, or where there
    is a `folder` those of its file for the rate (`loadgen.tables`)."""

    notation: str
    rules: PolicyRules | None = None
    folder: str | None = None

    @property
    def slug(self) -> str:
        """For the names of files."""
        named = self.notation if self.folder is None else f"table:{PurePath(self.folder).name}"
        return "".join(c if c.isalnum() or c in ".-" else "_" for c in named)

    @property
    def reason(self) -> str:
        """What the gateway is told, by which the policy is known again."""
        return self.notation[:LONGEST_REASON]


def policies(texts: Iterable[str]) -> list[Policy]:
    """Each once, in their order. Raises BadLoad for what is none.

    A comma is part of a threshold's depths, too: `file,threshold:6,12,fixed:fast` is three.
    """
    joined: list[str] = []
    for part in (part.strip() for text in texts for part in text.split(",")):
        if part.isdigit() and joined and joined[-1].startswith("threshold:"):
            joined[-1] += f",{part}"
        else:
            joined.append(part)
    return [policy(text) for text in dict.fromkeys(joined)]


def policy(text: str) -> Policy:
    """One policy. Raises BadLoad for what is none."""
    kind, _, rest = text.partition(":")
    try:
        if text == "file":
            return Policy(text)
        if kind == "fixed" and rest:
            return Policy(text, PolicyRules(kind="fixed", level=rest))
        if kind == "threshold" and rest:
            return Policy(
                text, PolicyRules(thresholds=tuple(int(each) for each in rest.split(",")))
            )
        if kind in ("slo", "planned"):
            return Policy(text, PolicyRules(kind=kind, slo=Slo(seconds=float(rest))))
        if kind == "table" and rest:
            return Policy(text, folder=rest)
    except (ValueError, ValidationError):
        pass
    raise BadLoad(f"{text!r} is no policy: write {NOTATION}")


def check_all(asked: Iterable[Policy], levels: tuple[str, ...], kinds: Iterable[str]) -> None:
    """Raise BadLoad for a policy that does not fit the ladder, or cannot hold in this stack."""
    for each in asked:
        if each.rules is None:
            continue
        if each.rules.kind not in kinds:
            raise BadLoad(
                f"{each.notation}: the stack has no profile to predict with; name one in its "
                "policy.toml and start it again"
            )
        try:
            check(each.rules, levels)
        except BadRules as error:
            raise BadLoad(f"{each.notation} does not fit the ladder: {error}") from None
