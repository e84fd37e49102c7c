"""How one visitor reads: the words and the looks of their language."""

from dataclasses import dataclass

from activities.formats import Formats, formats_for
from models.errors import Problem
from models.words import PageWords, words_for


@dataclass(frozen=True)
class Reader:
    """The words and formats of a page."""

    words: PageWords
    formats: Formats
    language: str

    def problem(self, problem: Problem) -> str:
        """Return a problem as a sentence; the box it stands beside is not named again."""
        text = f"{problem.reason[:1].upper()}{problem.reason[1:]}"
        return f"{text}: {problem.remedy}." if problem.remedy else f"{text}."


def reader_for(language: str) -> Reader:
    """Return how a customer of that language reads."""
    words = words_for(language)
    return Reader(words=words.page, formats=formats_for(language), language=words.language)
