"""The demo: five deals over public paths, the same whether it runs once, twice or in two halves."""

import hashlib
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from activities.adapters.mail import MaildirMailer
from activities.letters import Request as AskedFor
from activities.letters import Subject, signature_request
from activities.mail import OutgoingMail
from starter import demo
from starter.demo import doors
from starter.demo.doors import DemoError, Doors, eventually
from starter.demo.mailbox import Mailbox, mailbox_of
from starter.demo.player import Player
from starter.demo.stories import STORIES
from workers.settings import Settings, free_port

LONGEST_SECONDS = 300


def sign_mail(deal: str, person: str) -> OutgoingMail:
    about = Subject(deal=deal, customer="Acme", seller="Sam", entity="Ours", total="1,000.00")
    asked = AskedFor(
        deal=deal,
        message="contract_signed",
        command="sign",
        person=person,
        token="t" * 32,
        content_hash="c" * 64,
    )
    letter = signature_request(about, asked, f"OF-{deal}-1")
    return OutgoingMail(
        key=f"{deal}:sign:OF-{deal}-1:{person}",
        sender="ours@example.com",
        recipient=person,
        subject=letter.subject,
        text=letter.text,
        sent_at=datetime(2025, 1, 2, tzinfo=UTC),
    )


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    carrier = MaildirMailer(tmp_path / "mail")
    for deal, person in (("DEMO-1", "bea@acme.example"), ("DEMO-1", "dan"), ("DEMO-10", "eve")):
        carrier.send(sign_mail(deal, person))
    return Mailbox(tmp_path / "mail")


def test_a_mail_holds_the_whole_message_that_answers_it(mailbox: Mailbox) -> None:
    """The demo sends what stands in the mail, so a reader with nothing of ours can do the same."""
    found = mailbox.requests("DEMO-1")

    assert {request.person for request in found} == {"bea@acme.example", "dan"}
    assert {request.workflow_id for request in found} == {"deal-DEMO-1"}
    assert {request.signal for request in found} == {"contract_signed"}
    assert found[0].content["token"] == "t" * 32
    assert found[0].content["content_hash"] == "c" * 64


def test_mails_of_another_deal_are_not_ours(mailbox: Mailbox) -> None:
    """DEMO-10 begins like DEMO-1 and is none of it."""
    assert mailbox.count("DEMO-1") == 2
    assert mailbox.count("DEMO-10") == 1


def test_there_is_no_mailbox_where_mails_leave_the_machine(tmp_path: Path) -> None:
    """Tokens sent by SMTP cannot be read by the demo."""
    assert mailbox_of("smtp://mail.example.com:25") is None
    assert mailbox_of(f"maildir://{tmp_path}/my%20mail") is not None


async def test_waiting_in_vain_names_the_deal_and_what_it_waits_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A newcomer must know where to look."""
    monkeypatch.setattr(doors, "PATIENCE_SECONDS", 0.0)

    async def nothing() -> None:
        return None

    with pytest.raises(DemoError, match=r"DEMO-3 .* the mail to mia.*deal timeline DEMO-3"):
        await eventually(nothing, "DEMO-3", "the mail to mia")


class Recorded:
    """An API of one deal that remembers every change it was asked for."""

    def __init__(self, deal: dict[str, Any]) -> None:
        self.deal = deal
        self.changes: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Show the deal, or note the change."""
        if request.method == "POST":
            self.changes.append(request.url.path)
            return httpx.Response(200, json={"is_new": False})
        return httpx.Response(200, json=self.deal)


def player_of(deal: dict[str, Any], mailbox: Mailbox, said: list[str]) -> tuple[Player, Recorded]:
    api = Recorded(deal)
    client = httpx.AsyncClient(
        base_url="http://demo.example", transport=httpx.MockTransport(api.answer)
    )
    tokens = dict.fromkeys(("olga", "sam", "fiona"), "token")
    nobody: Any = None
    return Player(Doors(client, nobody, mailbox, tokens), STORIES[3], said.append), api


async def test_a_deal_that_is_where_it_should_be_is_left_alone(mailbox: Mailbox) -> None:
    """A second run starts the deal again, which changes nothing, and does nothing more."""
    said: list[str] = []
    there = {
        "stage": "live",
        "business_time": STORIES[3].until.isoformat(),
        "order": [],
        "invoices": [],
        "approvals": [],
    }
    player, api = player_of(there, mailbox, said)

    changed = await player.play()

    assert not changed
    assert api.changes == ["/v1/deals"]
    assert said == ["starting", "already there"]


async def test_a_refusal_of_the_api_is_told_with_its_problems(mailbox: Mailbox) -> None:
    """Problem documents carry the field and the reason."""

    def refuse(_: httpx.Request) -> httpx.Response:
        problem = {"field": "lines[0].product", "reason": "NW-20 is no product"}
        return httpx.Response(422, json={"title": "Bad input", "problems": [problem]})

    client = httpx.AsyncClient(
        base_url="http://demo.example", transport=httpx.MockTransport(refuse)
    )
    nobody: Any = None

    with pytest.raises(DemoError, match=r"Bad input: lines\[0\].product: NW-20 is no product"):
        await Doors(client, nobody, mailbox, {"olga": "token"}).get("/v1/deals/DEMO-1")


async def test_people_without_tokens_are_told_how_to_get_a_folder_of_their_own(
    mailbox: Mailbox,
) -> None:
    """In a house with people of its own the demo has nobody to act as."""
    nobody: Any = None
    client = httpx.AsyncClient(base_url="http://demo.example")

    with pytest.raises(DemoError, match="Q2C_HOME"):
        await Doors(client, nobody, mailbox, {}).get("/v1/deals/DEMO-1")


@pytest.fixture
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an empty folder on ports of their own; the caller's variables are ignored."""
    for name in list(os.environ):
        if name.startswith(("Q2C_", "TEMPORAL_")):
            monkeypatch.delenv(name)
    return Settings(
        home=tmp_path / "house",
        api_port=free_port(),
        temporal_port=free_port(),
        temporal_ui_port=free_port(),
    )


def rows_of(settings: Settings) -> dict[str, tuple[int, str]]:
    """Return how many rows each table of the books has, and the hash of what they say."""
    books = sqlite3.connect(f"file:{settings.home / 'books.sqlite'}?mode=ro", uri=True)
    try:
        tables = books.execute("select name from sqlite_master where type = 'table'").fetchall()
        found = {name: books.execute(f'select * from "{name}"').fetchall() for (name,) in tables}  # noqa: S608
    finally:
        books.close()
    return {
        name: (len(rows), hashlib.sha256(repr(rows).encode()).hexdigest())
        for name, rows in found.items()
    }


@pytest.mark.timeout(LONGEST_SECONDS)
async def test_the_demo_runs_to_its_end_and_a_second_time_changes_nothing(
    own_settings: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The main job of the house: real deals from offer to revenue, on the real server."""
    monkeypatch.setenv("COLUMNS", "100")
    await demo.run(own_settings)
    first, shown = rows_of(own_settings), capsys.readouterr().out
    await demo.run(own_settings)
    second, again = rows_of(own_settings), capsys.readouterr().out

    assert "1,994.40 EUR = 1,994.40 + 0.00" in shown
    assert "8,806.80 USD = 5,423.70 + 3,383.10" in shown
    assert "14,656.44 USD = 3,641.31 + 11,015.13" in shown
    assert "7,866.00 EUR = 7,866.00 + 0.00" in shown
    assert "DEMO-3  vera approves as sales_manager" in shown
    assert "DEMO-3  dan approves as sales_director" in shown
    assert "DEMO-4  femke.dewit@duinrand.example accepts the revised quote" in shown
    assert "quote explain DEMO-3" in shown
    assert "rejected" in shown
    assert first["journal_entry"][0] > 0
    assert second == first
    assert [f"{story.number}  already there" in again for story in STORIES] == [True] * 5
