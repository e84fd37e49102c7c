"""Every word our documents, mails and the buyer page print, one module per language.

A further language is one more module here, named by its ISO 639-1 code, with its `WORDS`.
"""

import importlib
import pkgutil
from collections.abc import Mapping

from models.words.page import PageWords
from models.words.vocabulary import Labels, MailWords, Plural, Words

__all__ = [
    "FALLBACK",
    "LANGUAGES",
    "Labels",
    "MailWords",
    "PageWords",
    "Plural",
    "Words",
    "spoken",
    "words_for",
]

FALLBACK = "en"
"""The language of last resort."""


_CODE_LENGTH = 2


def _load() -> dict[str, Words]:
    found_modules = (module.name for module in pkgutil.iter_modules(__path__))
    codes = sorted(name for name in found_modules if len(name) == _CODE_LENGTH)
    modules = (importlib.import_module(f"{__name__}.{code}") for code in codes)
    found: list[Words] = [module.WORDS for module in modules]
    return {words.language: words for words in found}


_WORDS: Mapping[str, Words] = _load()

LANGUAGES: tuple[str, ...] = tuple(_WORDS)
"""The languages documents are written in."""


def spoken(*tags: str) -> str:
    """Return the first language tag (`fr`, `de-AT`) that we have words for, else English."""
    return next((tag for tag in tags if _base(tag) in _WORDS), FALLBACK)


def words_for(*tags: str) -> Words:
    """Return the words of the first language tag that we have words for, else English."""
    return _WORDS[_base(spoken(*tags))]


def _base(tag: str) -> str:
    return tag.replace("_", "-").split("-", maxsplit=1)[0].lower()
