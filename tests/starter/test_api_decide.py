"""The page behind a link: a GET shows, a POST decides, and everything else is told plainly."""

import html
import json
import re
from datetime import date
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from models.approval_counter import CounterOffer
from models.deal_file import DealFile
from models.decision_link import DecisionLink, link_url
from models.decisions import Channel
from models.errors import RefusedError
from models.messages import Answer, Decision
from models.quoting import Quote
from models.steps import RegisterKind

KEY = "sales-1"


def path_to(world: Any, quote: Quote, person: str = "mia", key: str = KEY, **changes: Any) -> str:
    """Return the address of the page a person got by mail."""
    written = {
        "deal": quote.deal,
        "version": quote.version,
        "step": key,
        "person": person,
        "until": date(2026, 2, 14),
        **changes,
    }
    link = DecisionLink.model_validate(written)
    return link_url("", world.house.settings.signing_secret(), link, quote.content_hash)


@pytest.fixture
def quote(world: Any) -> Quote:
    """Deal 1001 waits for Mia, then for Dan."""
    made: Quote = world.quote(world.deal(stage="approve"))
    return made


def send(world: Any, path: str, **form: str) -> httpx.Response:
    """Send the form of a page."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    sent: httpx.Response = world.client.post(path, content=urlencode(form), headers=headers)
    return sent


def said(response: httpx.Response) -> str:
    """Return what a page says above everything else."""
    found = re.search(r'<p class="box say" role="status">(.*?)</p>', response.text)
    return html.unescape(found[1]) if found else ""


def test_the_page_shows_what_is_decided_and_decides_nothing(world: Any, quote: Quote) -> None:
    """Mail scanners open links: whatever opens it, and however often, nothing is sent."""
    responses = [world.client.get(path_to(world, quote)) for _ in range(3)]

    assert [response.status_code for response in responses] == [200, 200, 200]
    text = responses[0].text
    assert "Sam Seller offers Acme Inc." in text
    assert "discount above 10 percent" in text
    assert "9,600.00 USD" in text
    assert "12,000.00 USD" in text
    assert "20.00 %" in text
    assert 'value="approve"' in text
    assert world.gateway.updates == []


def test_the_page_needs_no_script_and_keeps_its_address_to_itself(world: Any, quote: Quote) -> None:
    """It is small enough for a phone, and nobody else learns the link."""
    response = world.client.get(path_to(world, quote))

    assert "<script" not in response.text
    assert 'name="viewport"' in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_a_sent_form_decides_with_the_persons_token_by_mail(world: Any, quote: Quote) -> None:
    """It goes the way of every decision: a message with token, content, channel and actor."""
    world.gateway.answer = Answer(accepted=True, text="Quote Q-1001-1 is approved by you.")

    response = send(world, path_to(world, quote), choice="approve", reason=" fine ")

    (update,) = world.gateway.updates
    message = update.message
    assert isinstance(message, Decision)
    assert (update.name, message.person, message.actor) == ("approve", "mia", "mia")
    assert (message.channel, message.reason, message.step) == (Channel.MAIL, "fine", KEY)
    assert message.content_hash == quote.content_hash
    assert message.token == world.token(KEY, "mia", quote.content_hash)
    assert said(response) == "Quote Q-1001-1 is approved by you."
    assert 'value="approve"' not in response.text


def test_the_same_form_sent_twice_is_one_decision(world: Any, quote: Quote) -> None:
    """A double click has one identity; another choice has another."""
    for choice in ("approve", "approve", "reject"):
        send(world, path_to(world, quote), choice=choice, reason="x")

    first, second, third = (update.message.command_id for update in world.gateway.updates)
    assert first == second != third


def test_a_counter_carries_its_percentage(world: Any, quote: Quote) -> None:
    """As people write it in Europe, too."""
    send(world, path_to(world, quote), choice="counter", percent="12,5", reason="fine at 12.5")

    (update,) = world.gateway.updates
    message = update.message
    assert isinstance(message, Decision)
    assert update.name == "counter"
    assert message.counter == CounterOffer.model_validate({"discount_percent": "12.5"})


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Choose one of the buttons."),
        ({"choice": "sell"}, "Choose one of the buttons."),
        ({"choice": "counter", "percent": "much"}, "is not a number"),
    ],
)
def test_a_form_that_says_nothing_usable_is_shown_again(
    world: Any, quote: Quote, form: dict[str, str], words: str
) -> None:
    """With what is wrong above it, and the buttons still there."""
    response = send(world, path_to(world, quote), **form)

    assert response.status_code in (200, 409)
    assert words in said(response)
    assert 'value="approve"' in response.text
    assert world.gateway.updates == []


def test_what_the_deal_refuses_is_said(world: Any, quote: Quote) -> None:
    """A no without a reason is refused where every decision is."""
    world.gateway.answer = RefusedError("A rejection needs a reason")

    response = send(world, path_to(world, quote), choice="reject")

    assert response.status_code == 409
    assert said(response) == "A rejection needs a reason"


def test_a_used_link_says_who_decided(world: Any, quote: Quote) -> None:
    """Opening the mail again is no accident; pressing again changes nothing."""
    path = path_to(world, quote)
    world.decision(quote, "approve", "leo", step=KEY, on_behalf_of="mia")

    shown, sent = world.client.get(path), send(world, path, choice="reject", reason="no")

    text = "leo has approved this on behalf of mia on 2026-01-15 09:00 UTC."
    assert [said(shown), said(sent)] == [text, text]
    assert world.gateway.updates == []


def test_a_link_for_an_older_version_is_stale(world: Any, quote: Quote) -> None:
    """The mail for the new version has another link."""
    file = DealFile.model_validate(
        {"number": "1001", "lines": [{"product": "CRM", "quantity": 30}], "currency": "USD"}
    )
    world.quote(file, version=2)

    response = world.client.get(path_to(world, quote))

    assert response.status_code == 410
    assert "older version" in said(response)
    assert "Acme" not in response.text


def test_an_expired_link_says_so(world: Any, quote: Quote) -> None:
    """Its day is that of the deal, and the last one is still good."""
    last = world.client.get(path_to(world, quote, until=date(2026, 1, 15)))
    late = world.client.get(path_to(world, quote, until=date(2026, 1, 14)))

    assert last.status_code == 200
    assert late.status_code == 410
    assert "expired" in said(late)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("person=mia", "person=dan"),
        ("until=2026-02-14", "until=2027-02-14"),
        ("until=2026-02-14", "until=soon"),
        ("/1001/1?", "/1001/2?"),
        ("/1001/1?", "/1001/x?"),
        ("step=sales-1", "step=sales-2"),
        ("step=sales-1&", ""),
        ("/1001/", "/1002/"),
        ("sign=", "sign=x"),
        ("&sign=", "&other="),
    ],
)
def test_a_tampered_link_tells_nothing(world: Any, quote: Quote, old: str, new: str) -> None:
    """Neither shown nor carried out, and no word about the deal."""
    path = path_to(world, quote)
    assert old in path

    shown = world.client.get(path.replace(old, new))
    sent = send(world, path.replace(old, new), choice="approve")

    assert [shown.status_code, sent.status_code] == [403, 403]
    assert "not valid" in said(shown)
    assert "Acme" not in shown.text + sent.text
    assert world.gateway.updates == []


def test_who_lost_the_role_decides_no_more_by_an_old_mail(world: Any, quote: Quote) -> None:
    """The link proves who got the mail; what they may do is asked of the register."""
    mia = {**world.get("/v1/register/person/mia")["content"], "roles": []}
    world.register(RegisterKind.PERSON, "mia", json.dumps(mia), revision=2)

    response = send(world, path_to(world, quote), choice="approve")

    assert response.status_code == 409
    assert "The role approver is needed" in said(response)
    assert world.gateway.updates == []


def test_whose_turn_it_is_not_sees_no_buttons(world: Any, quote: Quote) -> None:
    """Dan is asked after Mia; and a closed deal asks nobody."""
    response = world.client.get(path_to(world, quote, "dan", "sales-2"))

    assert response.status_code == 200
    assert said(response) == "Nothing is asked of you here any more."
    assert "<form" not in response.text


def test_a_delegate_sees_the_step_of_whom_they_represent(world: Any, quote: Quote) -> None:
    """While it is in force; the link is theirs, not Mia's."""
    away = (
        '{"id": "a", "person": "mia", "delegate": "leo", '
        '"starts_on": "2026-01-10", "last_on": "2026-01-15"}'
    )
    before = world.client.get(path_to(world, quote, "leo"))
    world.register(RegisterKind.DELEGATION, "a", away)

    after = world.client.get(path_to(world, quote, "leo"))

    assert "<form" not in before.text
    assert "<form" in after.text


def test_what_people_wrote_is_not_markup(world: Any) -> None:
    """A customer's name cannot put a button on the page."""
    customer = world.get("/v1/customers/C-100", "sam")["content"]
    evil = {**customer, "legal_name": "<script>alert(1)</script>"}
    world.register(RegisterKind.CUSTOMER, "C-100", json.dumps(evil), revision=2)
    quote = world.quote(world.deal(stage="approve"))

    response = world.client.get(path_to(world, quote))

    assert "<script>" not in response.text
    assert "&lt;script&gt;" in response.text


def test_a_body_too_large_for_a_form_is_refused(world: Any, quote: Quote) -> None:
    """Nobody writes twenty thousand letters on a phone."""
    response = send(world, path_to(world, quote), choice="approve", reason="x" * 30_000)

    assert response.status_code == 403
    assert world.gateway.updates == []
