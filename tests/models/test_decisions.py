"""Decision tokens: who asked for them can make them, nobody else can."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.decisions import decision_token, token_matches
from models.errors import InvalidInputError

SECRET = b"a secret of the house"
PARTS = ("1001", "sales-1", "ann", "c0ffee")


def test_the_same_request_has_the_same_token() -> None:
    """A mail sent again carries the token of the first one."""
    assert decision_token(SECRET, *PARTS) == decision_token(SECRET, *PARTS)


def test_a_token_fits_into_a_link() -> None:
    """32 characters of the URL-safe alphabet, 192 bits."""
    token = decision_token(SECRET, *PARTS)

    assert len(token) == 32
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_token_is_the_hmac_of_length_prefixed_parts() -> None:
    """A known answer, computed with OpenSSL: links in old mails work after an upgrade."""
    assert decision_token(b"k", "d", "s", "p", "h") == "T2YPip8EN2XMtFpVqSCDrFbPtKQWudZq"


@pytest.mark.parametrize("position", range(4))
def test_a_token_is_worth_nothing_elsewhere(position: int) -> None:
    """Deal, step, person and content are all bound."""
    token = decision_token(SECRET, *PARTS)
    other = list(PARTS)
    other[position] += "x"

    assert token_matches(token, SECRET, *PARTS)
    assert not token_matches(token, SECRET, *other)


def test_another_secret_makes_another_token() -> None:
    """Whoever does not know the secret cannot make tokens."""
    assert not token_matches(decision_token(b"guess", *PARTS), SECRET, *PARTS)


def test_parts_cannot_be_shifted_into_each_other() -> None:
    """Deal "1" step "23" is not deal "12" step "3"."""
    assert decision_token(SECRET, "1", "23", "p", "h") != decision_token(
        SECRET, "12", "3", "p", "h"
    )


def test_refuses_an_empty_secret() -> None:
    """With a known secret anybody could make tokens."""
    with pytest.raises(InvalidInputError, match="secret: is empty"):
        decision_token(b"", *PARTS)


@given(token=st.text(max_size=64))
def test_no_text_passes_by_chance_or_breaks_the_check(token: str) -> None:
    """Tokens come from outside, in any characters."""
    assert not token_matches(token, SECRET, *PARTS)


@given(
    one=st.tuples(st.text(), st.text(), st.text(), st.text()),
    other=st.tuples(st.text(), st.text(), st.text(), st.text()),
)
def test_tokens_are_equal_only_for_equal_requests(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    """The encoding is unambiguous whatever the parts contain."""
    same = decision_token(SECRET, *one) == decision_token(SECRET, *other)

    assert same == (one == other)


def test_half_a_character_does_not_break_the_check() -> None:
    """JSON can carry a lone surrogate, which UTF-8 refuses to encode."""
    assert not token_matches("\ud800", SECRET, "1001", "sales-1", "\udfff", "c0ffee")
