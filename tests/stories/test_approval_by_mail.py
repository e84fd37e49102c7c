"""Approval on the real server: by the link in a mail, by a delegate, and after a counter."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.stories.houses import House, office, wait_until
from tests.stories.people import Visitor, furnish, mail_to
from tests.stories.world import deal_file

People = dict[str, Visitor]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def house(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with office(tmp_path_factory.mktemp("mail"), server, "mail") as opened:
        yield opened


@pytest.fixture(scope="module")
def people(house: House) -> Iterator[People]:
    """Everybody of the first start, by id."""
    url = f"http://127.0.0.1:{house.settings.api_port}"
    with ExitStack() as stack:
        found = {
            person: stack.enter_context(Visitor(url, token))
            for person, token in house.tokens().items()
        }
        furnish(found["olga"])
        yield found


def offered(people: People, number: str) -> None:
    """Start a deal and wait until it asks for its approval."""
    people["sam"].send("/deals", deal_file(number), 201)
    people["sam"].stage(number, "approve")


def link_to(house: House, person: str, number: str) -> str:
    """Return the link in the mail that asked somebody."""
    body = mail_to(house, f"{person}@example.com", number).get_body(("plain",))
    assert body is not None
    (url,) = re.findall(r"http://\S+/v1/decide/\S+", body.get_content())
    return str(url)


def decisions(people: People, number: str) -> list[dict[str, Any]]:
    """Return the counted decisions of approvers on a deal, oldest first."""
    found = people["sam"].ask(f"/deals/{number}")["decisions"]
    return [each for each in found if each["accepted"] and each["policy_version"]]


def waiting(person: Visitor, number: str) -> dict[str, Any] | None:
    """Return what waits for somebody on a deal, if anything does."""
    items: list[dict[str, Any]] = person.ask("/inbox")["items"]
    return next((each for each in items if each["deal"] == number), None)


def test_an_approver_decides_on_the_page_their_mail_leads_to(house: House, people: People) -> None:
    """Opened ten times by whatever scans mail, it decides when the button is pressed, once."""
    offered(people, "M-1")
    url = link_to(house, "mia", "M-1")

    opened = [httpx.get(url).status_code for _ in range(10)]
    assert opened == [200] * 10
    assert people["sam"].ask("/deals/M-1")["stage"] == "approve"
    pressed = [httpx.post(url, content="choice=approve", headers=FORM) for _ in range(2)]

    people["sam"].stage("M-1", "accept")
    assert [answer.status_code for answer in pressed] == [200, 200]
    (decision,) = decisions(people, "M-1")
    assert (decision["person"], decision["channel"], decision["assurance"]) == (
        "mia",
        "mail",
        "verified",
    )
    assert "mia has approved this" in httpx.get(url).text


def test_a_delegate_answers_a_counter_handed_in_again(house: House, people: People) -> None:
    """Mia counters and goes away; Sam insists, and Leo, whom she named, approves for her."""
    offered(people, "M-2")
    people["mia"].tell("M-2", "counter", counter={"discount_percent": "12"}, reason="fine at 12 %")
    mail = mail_to(house, "sam@example.com", "Counter to quote Q-M-2-1")
    assert mail["To"] == "sam@example.com"
    away = {"delegate": "leo", "starts_on": "2026-01-01", "last_on": "2026-01-31"}
    people["mia"].send("/delegations", away, 201)

    people["sam"].tell("M-2", "resubmit", reason="the customer insists")
    asked = wait_until(lambda: waiting(people["leo"], "M-2"), "an inbox")
    assert asked["reason"].endswith("(for mia)")
    people["leo"].tell("M-2", "approve")

    people["sam"].stage("M-2", "accept")
    said = [
        (each["kind"], each["person"], each["on_behalf_of"]) for each in decisions(people, "M-2")
    ]
    assert said == [("counter", "mia", ""), ("resubmit", "sam", ""), ("approve", "leo", "mia")]
    assert people["leo"].send("/delegations/revoke", {"id": "nothing"}, 404)["code"] == "not_found"
