"""What a fraction of a two-level design cannot tell apart.

A generator `D = A*B*C` sets the levels of D, as −1 and +1, to the product of the others'. Then
A·B·C·D is +1 in every run: a word of the defining relation. The product of two words is another,
in which what stands twice is gone. An effect is aliased with its product with every word
(Box & Hunter 1961, "The 2^(k−p) fractional factorial designs", Technometrics 3, 311–351).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Self


@dataclass(frozen=True, slots=True)
class Word:
    """A product of factors, each as −1 and +1."""

    factors: frozenset[str]
    sign: int = 1

    def __mul__(self, other: "Word") -> "Word":
        return Word(self.factors ^ other.factors, self.sign * other.sign)

    def shown(self, order: Sequence[str]) -> str:
        """`−A*B`, its factors in the order given; I for none."""
        named = "*".join(name for name in order if name in self.factors) or "I"
        return named if self.sign > 0 else f"−{named}"


@dataclass(frozen=True, slots=True)
class Generator:
    """A factor whose levels are the product of others'."""

    factor: str
    word: Word
    """What it is set to"""

    @classmethod
    def read(cls, text: str) -> Self:
        """From `D = A*B*C` or `D = -A*B*C`; ValueError says how one is written."""
        left, equals, right = (part.strip() for part in text.partition("="))
        sign = -1 if right.startswith("-") else 1
        names = [name.strip() for name in right.removeprefix("-").split("*")]
        if not (left and equals and all(names)) or len({left, *names}) < len(names) + 1:
            raise ValueError(
                f"the generator {text!r} must set one factor to a product of others, "
                "each named once: batch = size*steps*sampler, or with a minus after the ="
            )
        return cls(left, Word(frozenset(names), sign))

    @property
    def relation(self) -> Word:
        """What is +1 in every run."""
        return Word(frozenset({self.factor}) ^ self.word.factors, self.word.sign)


def defining_relation(generators: Sequence[Generator]) -> list[Word]:
    """All words that are +1 in every run, I apart; the shortest first."""
    words = [Word(frozenset())]
    for generator in generators:
        words += [word * generator.relation for word in words]
    return sorted(words[1:], key=lambda word: (len(word.factors), sorted(word.factors)))


def resolution(generators: Sequence[Generator]) -> int | None:
    """Letters of the shortest word; None of a full factorial, which has no word."""
    relation = defining_relation(generators)
    return len(relation[0].factors) if relation else None


def aliases(effect: Sequence[str], generators: Sequence[Generator]) -> list[Word]:
    """What cannot be told from an effect; of few factors first."""
    word = Word(frozenset(effect))
    found = [word * other for other in defining_relation(generators)]
    return sorted(found, key=lambda each: (len(each.factors), sorted(each.factors)))


def chains(factors: Sequence[str], generators: Sequence[Generator]) -> list[list[str]]:
    """Main effects and interactions of two, each with what it is aliased with; each chain once."""
    made, seen = [], set()
    effects = [*combinations(factors, 1), *combinations(factors, 2)] if generators else []
    for effect in effects:
        if frozenset(effect) not in seen:
            words = [Word(frozenset(effect)), *aliases(effect, generators)]
            seen |= {word.factors for word in words}
            made.append([word.shown(factors) for word in words])
    return made
