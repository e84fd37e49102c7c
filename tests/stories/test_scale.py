"""The topology of a cluster as processes: every part on its own, reached by its address.

PostgreSQL for the books, a Temporal server that is not ours to start, a worker process for each
role, the API, documents in a store named by URL, mail over SMTP.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from tests.activities.databases import unmigrated
from tests.stories.evidence import assert_conserved
from tests.stories.houses import House, temporal, wait_until
from tests.stories.people import Visitor, furnish
from tests.stories.world import BUYER, CUSTOMER_SIGNER, deal_file
from workers.settings import free_port

ROLES = ("core", "books", "documents", "payments")


class Post(MessageHandler):
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[Message] = []
        self.port = free_port()

    def handle_message(self, message: Message) -> None:
        """Keep one mail."""
        self.received.append(message)

    def to(self, person: str, subject: str) -> str | None:
        """Return the text of a mail to somebody, if it has come."""
        for message in self.received:
            if message["To"] == person and subject in str(message["Subject"]):
                parts = [p for p in message.walk() if p.get_content_type() == "text/plain"]
                content = parts[0].get_payload(decode=True)
                assert isinstance(content, bytes)
                return content.decode()
        return None


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    keeper = Post()
    controller = Controller(keeper, hostname="127.0.0.1", port=keeper.port)
    controller.start()
    yield keeper
    controller.stop()


@pytest.fixture(scope="module")
def house(post: Post, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Everything apart; `q2c setup` prepares what is not ours."""
    folder = tmp_path_factory.mktemp("cluster")
    with ExitStack() as stack:
        books_url = stack.enter_context(unmigrated("postgresql"))
        server = stack.enter_context(temporal(folder / "temporal"))
        apart = House(
            folder / "home",
            server,
            "sales",
            books_url=books_url,
            documents_url=f"file://{folder / 'store'}",
            mail_url=f"smtp://127.0.0.1:{post.port}",
        )
        opened = stack.enter_context(apart)
        done = opened.call("setup")
        assert done.returncode == 0, done.stderr
        for role in ROLES:
            opened.run_worker(role)
        opened.run_api()
        yield opened


def token_of(text: str) -> str:
    """Return the token in a mail."""
    return text.split("Your token (works once): ")[1].split(maxsplit=1)[0]


def test_a_deal_reaches_first_cash_with_every_part_apart(house: House, post: Post) -> None:
    """API, a worker process per role, PostgreSQL, another Temporal server."""
    url, tokens = f"http://127.0.0.1:{house.settings.api_port}", house.tokens()
    with ExitStack() as stack:
        sam, mia, dan, olga, fiona = (
            stack.enter_context(Visitor(url, tokens[person]))
            for person in ("sam", "mia", "dan", "olga", "fiona")
        )
        furnish(olga)
        sam.send("/deals", deal_file("S-1"), 201)
        sam.stage("S-1", "approve")
        mia.tell("S-1", "approve")
        sam.stage("S-1", "accept")
        sam.tell("S-1", "accept_quote", person=BUYER)
        sam.stage("S-1", "contract")
        asked = wait_until(lambda: post.to(CUSTOMER_SIGNER, "OF-S-1-1"), "the mail to the signer")
        token = token_of(asked)
        sam.tell("S-1", "contract_signed", person=CUSTOMER_SIGNER, token=token)
        dan.tell("S-1", "contract_signed")
        sam.stage("S-1", "live")
        olga.tell("S-1", "delivery_confirmed")
        due = wait_until(lambda: two_invoices(sam), "two invoices")
        recorded = fiona.send("/payments", payment(due), 201)
        wait_until(lambda: post.to("pia@acme.example", "Receipt"), "the receipt")
        health = sam.ask("/health")
        [invoice, *_] = sam.ask("/documents", deal="S-1", kind="invoice")["items"]
        pdf = sam.file(f"/documents/invoice/{invoice['number']}.pdf").content

    assert recorded["applied_minor"] == 745_14
    assert (health["books"], health["temporal"], health["namespace"]) == (True, True, "sales")
    assert pdf.startswith(b"%PDF")
    assert_conserved(house)


def two_invoices(sam: Visitor) -> list[Any] | None:
    """Return the invoices of the deal once both are there."""
    found: list[Any] = sam.ask("/deals/S-1")["invoices"]
    return found if len(found) == 2 else None


def payment(invoices: list[Any]) -> dict[str, Any]:
    """Return the payment of everything that is due."""
    total = sum(each["gross_minor"] for each in invoices)
    return {
        "customer": "C1",
        "amount": f"{total / 100:.2f}",
        "currency": "USD",
        "reference": "CASH-1",
        "received_on": "2026-01-20",
        "invoices": [each["number"] for each in invoices],
    }


def test_nothing_of_it_lies_in_the_data_folder(house: House) -> None:
    """Whoever runs a cluster loses no deal with a machine."""
    kept = {path.name for path in Path(house.settings.home).iterdir()}

    assert kept <= {"logs", "tokens.json"}


def test_the_doctor_finds_every_part_well(house: House) -> None:
    """It looks at PostgreSQL, the store, the mail server and the server behind TEMPORAL_ADDRESS."""
    done = house.call("doctor")

    assert done.returncode == 0, done.stdout
    assert "All is well." in done.stdout
