"""Links open one page for one person and nothing else, until their time is over."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InvalidInputError
from models.links import LONGEST_LINK, Link, LinkPurpose, is_expired, link_token, read_link

SECRET = b"a secret of the house, long enough"
END = datetime(2026, 2, 15, 8, tzinfo=UTC)
LINK = Link(deal="1001", person="bea@acme.example", purpose=LinkPurpose.QUOTE, expires_at=END)


def test_a_link_is_read_as_it_was_made() -> None:
    """And the same link is the same text, so that a mail sent again carries the one before."""
    token = link_token(SECRET, LINK)

    assert read_link(SECRET, token) == LINK
    assert link_token(SECRET, LINK.model_copy()) == token
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@given(st.text(max_size=30), st.text(max_size=40), st.integers(0, 99))
def test_every_link_is_read_as_it_was_made(deal: str, person: str, generation: int) -> None:
    """Whatever a number or an address looks like."""
    if any(0xD800 <= ord(sign) < 0xE000 for sign in deal + person):
        return
    link = LINK.model_copy(update={"deal": deal, "person": person, "generation": generation})

    assert read_link(SECRET, link_token(SECRET, link)) == link


@given(st.data())
def test_a_link_that_was_touched_is_no_link(data: st.DataObject) -> None:
    """One sign more, less or other, anywhere: nobody gets further by one."""
    token = link_token(SECRET, LINK)
    place = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.sampled_from(["", "A", "b", "-", ".", "=", "é", token[place] * 2]))
    touched = token[:place] + sign + token[place + 1 :]

    assert touched == token or read_link(SECRET, touched) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"deal": "1002"},
        {"person": "eve@evil.example"},
        {"expires_at": END + timedelta(days=1)},
        {"generation": 1},
    ],
    ids=["deal", "person", "expiry", "generation"],
)
def test_a_link_for_something_else_is_another_link(changed: dict[str, object]) -> None:
    """Deal, contact, expiry and generation are all under the signature."""
    body, _, digest = link_token(SECRET, LINK).partition(".")
    other_body, _, other_digest = link_token(SECRET, LINK.model_copy(update=changed)).partition(".")

    assert digest != other_digest
    assert read_link(SECRET, f"{other_body}.{digest}") is None
    assert read_link(SECRET, f"{body}.{other_digest}") is None


@pytest.mark.parametrize("token", ["", ".", "a.b", "x" * (LONGEST_LINK + 1), "../../etc", "%00"])
def test_what_is_no_link_is_none(token: str) -> None:
    """Whatever is typed into the address."""
    assert read_link(SECRET, token) is None


def test_another_house_makes_other_links() -> None:
    """And without a secret nobody makes or reads any."""
    assert read_link(b"another secret", link_token(SECRET, LINK)) is None
    assert read_link(b"", link_token(SECRET, LINK)) is None
    with pytest.raises(InvalidInputError, match="secret"):
        link_token(b"", LINK)


def test_a_link_opens_until_the_moment_it_names() -> None:
    """Half-open, as every period: the end itself is out."""
    assert not is_expired(LINK, END - timedelta(seconds=1))
    assert is_expired(LINK, END)
