"""The buyer page: who may enter, what it shows, what it sends, and what it refuses."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from models.deal_file import DealFile
from models.links import Link, LinkPurpose, link_token
from models.negotiation import said_hash
from models.parties import parse_customer
from models.quoting import Quote
from models.revision import Origin
from models.steps import RegisterKind
from models.tables import CommentRow, DealRow, DocumentRow, LinkRevocationRow, MailRow
from starter.web.frame import HEADERS, style
from tests.starter.conftest import CUSTOMER, NOW

BEA = "bea@acme.example"
END = datetime(2026, 2, 15, 8, tzinfo=UTC)
LIMITED: dict[str, Any] = {"buyer_may": {"minimum": "10", "maximum": "50"}}


def link(world: Any, **changes: Any) -> str:
    """Return the path of the page of deal 1001 for Bea, or of another link."""
    fields = {"deal": "1001", "person": BEA, "purpose": LinkPurpose.QUOTE, "expires_at": END}
    made = Link.model_validate({**fields, **changes})
    return f"/q/{link_token(world.house.settings.signing_secret(), made)}"


@pytest.fixture
def quote(world: Any) -> Quote:
    """An offer over 25 seats at 40.00 less 20 %, mailed to Bea: 9,600.00 for the year."""
    file: DealFile = world.deal(stage="accept", file=LIMITED)
    made: Quote = world.quote(file)
    mailed(world, made)
    return made


def mailed(world: Any, quote: Quote) -> None:
    row = MailRow(
        key=f"1001:quote:{quote.number}:{BEA}",
        deal="1001",
        recipient=BEA,
        subject="Your quote",
        sent_at=NOW,
    )
    world.add(row)


def send(world: Any, action: str, path: str = "", **boxes: str) -> Any:
    """Send a form of the page."""
    return world.client.post(
        f"{path or link(world)}/{action}",
        content=urlencode(boxes),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


def text_of(response: Any) -> str:
    """Return the words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def test_the_page_says_what_is_offered_and_asks_nobody_else_for_anything(
    world: Any, quote: Quote
) -> None:
    """Price, parties, validity; a strict policy for the browser, and nothing kept."""
    response = world.client.get(link(world))

    assert response.status_code == 200
    said = text_of(response)
    for words in (
        "$9,600.00",
        "Acme Inc.",
        "Bea Buyer",
        "Feb 14, 2026",
        quote.number,
        "Sam Seller",
    ):
        assert words in said
    for name, value in HEADERS.items():
        assert response.headers[name] == value
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "<script" not in response.text
    assert not re.search(r"""(?:src|href|action)=["'](?!/q/|\#)""", response.text)
    assert "style=" not in response.text


def test_costs_and_approvals_stay_inside(world: Any, quote: Quote) -> None:
    """A seat costs us 10.00; that is nobody's business."""
    response = world.client.get(link(world))

    assert quote.lines[0].cost is not None
    assert "$250.00" not in text_of(response)
    assert "sales_manager" not in response.text


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"deal": "9999"}, 403),
        ({"person": "eve@evil.example"}, 403),
        ({"expires_at": NOW}, 410),
        ({"expires_at": NOW - timedelta(days=9)}, 410),
    ],
    ids=["no such deal", "no contact", "just over", "long over"],
)
def test_a_link_that_leads_nowhere_tells_nothing(
    world: Any, quote: Quote, changes: dict[str, Any], status: int
) -> None:
    """One page for all of them: what it names, and whether it exists, is not told."""
    path = link(world, **changes)

    for response in (
        world.client.get(path),
        world.client.get(f"{path}/quote.pdf"),
        send(world, "accept", path, agreed="yes", base=quote.content_hash),
    ):
        assert response.status_code == status
        assert response.headers["content-type"].startswith("text/html")
        for secret in ("Acme", "1001", "Bea", "9,600", quote.number):
            assert secret not in response.text
    assert world.gateway.updates == []


@pytest.mark.usefixtures("quote")
def test_a_tampered_link_is_refused_and_says_so(world: Any) -> None:
    """Also one that was made with another secret."""
    path = link(world)
    made = Link(deal="1001", person=BEA, purpose=LinkPurpose.QUOTE, expires_at=END)
    forged = f"/q/{link_token(b'x' * 32, made)}"

    for wrong in (path[:-1], f"{path}A", path.replace(".", "", 1), forged, "/q/nonsense"):
        response = world.client.get(wrong)
        assert response.status_code == 403
        assert "not valid" in text_of(response)
        assert "Acme" not in response.text


@pytest.mark.usefixtures("quote")
def test_a_revoked_link_is_gone_and_the_next_generation_opens(world: Any) -> None:
    """Only the links made before it end."""
    world.add(
        LinkRevocationRow(
            deal="1001",
            person=BEA,
            reason="",
            actor="sam",
            channel="api",
            command_id="x",
            revoked_at=NOW,
        )
    )

    assert world.client.get(link(world)).status_code == 410
    assert world.client.get(link(world, generation=1)).status_code == 200


@pytest.mark.usefixtures("quote")
def test_on_a_test_clock_a_link_ends_in_the_deals_own_time(world: Any) -> None:
    """The deal stands in January, whatever the year on the wall."""

    def turn(session: Any) -> None:
        deal = session.get_one(DealRow, "1001")
        deal.test_clock, deal.business_time = True, END

    assert world.client.get(link(world)).status_code == 200
    world.house.books.write(turn)
    assert world.client.get(link(world)).status_code == 410


def test_what_was_not_mailed_is_not_shown(world: Any, quote: Quote) -> None:
    """The next version waits for its approval; the buyer sees the one they have."""
    newer = quote.model_copy(
        update={"number": "Q-1001-2", "version": 2, "note": "secret plan", "content_hash": "b" * 64}
    )
    world.add_quote(newer)

    response = world.client.get(link(world))

    assert "secret plan" not in response.text
    assert "A new version is being prepared" in text_of(response)
    assert send(world, "accept", agreed="yes", base="b" * 64).status_code == 409
    assert world.gateway.updates == []


def test_before_anything_was_mailed_the_page_says_to_wait(world: Any) -> None:
    """The link works early, but shows no price that nobody has approved."""
    world.quote(world.deal(stage="approve"))

    response = world.client.get(link(world))

    assert response.status_code == 200
    assert "being prepared" in text_of(response)
    assert "9,600" not in response.text


def test_an_acceptance_carries_the_buyers_proof_and_order_number(world: Any, quote: Quote) -> None:
    """The server makes the token once it has checked the link."""
    response = send(
        world,
        "accept",
        agreed="yes",
        purchase_order=" PO-77 ",
        base=quote.content_hash,
        key="a" * 32,
    )

    assert response.status_code == 303
    assert response.headers["location"] == f"{link(world)}?done=accept"
    update = world.gateway.updates[-1]
    message = update.message
    assert (update.name, message.person, message.purchase_order) == ("accept_quote", BEA, "PO-77")
    assert (message.actor, message.channel, message.command_id) == (BEA, "web", f"web-{'a' * 32}")
    assert message.content_hash == quote.content_hash
    assert message.token == world.token("accept", BEA, quote.content_hash)


def test_what_is_missing_stands_beside_its_box_and_what_was_written_stays(
    world: Any, quote: Quote
) -> None:
    """The order number is not typed twice because the box was not ticked."""
    response = send(world, "accept", purchase_order="PO-<77>", base=quote.content_hash)

    assert response.status_code == 422
    assert "Tick the box to accept" in text_of(response)
    assert 'value="PO-&lt;77&gt;"' in response.text
    assert send(world, "decline", base=quote.content_hash).status_code == 422
    assert send(world, "comment", text="  ").status_code == 422
    assert world.gateway.updates == []


@pytest.mark.usefixtures("quote")
def test_a_page_of_an_older_version_changes_nothing(world: Any) -> None:
    """Stale links are fine, stale content is not."""
    for action in ("accept", "decline", "change", "counter"):
        response = send(world, action, base="older", agreed="yes", reason="x", do="send")
        assert response.status_code == 409
        assert "no longer up to date" in text_of(response)
    assert world.gateway.updates == []


def test_accepting_twice_is_refused_with_who_did(world: Any, quote: Quote) -> None:
    """And the very same click twice is one acceptance."""
    world.decision(quote, "accept", BEA, command_id=f"web-{'c' * 32}", purchase_order="PO-1")
    boxes = {"agreed": "yes", "base": quote.content_hash}

    again = send(world, "accept", **boxes, key="d" * 32)
    same = send(world, "accept", **boxes, key="c" * 32)

    assert again.status_code == 409
    assert "Accepted by Bea Buyer" in text_of(again)
    assert "Your order number: PO-1" in text_of(again)
    assert same.status_code == 303
    assert world.gateway.updates == []


def test_a_change_is_priced_before_it_is_sent(world: Any, quote: Quote) -> None:
    """30 seats at 40.00 less 20 % are 960.00 a month, 11,520.00 a year; nothing is sent yet."""
    boxes = {"quantity-1": "30", "base": quote.content_hash}

    preview = send(world, "change", **boxes)

    assert preview.status_code == 200
    assert "$11,520.00" in text_of(preview)
    assert "30 instead of 25" in text_of(preview)
    assert world.gateway.updates == []
    assert send(world, "change", **boxes, do="send").status_code == 303
    message = world.gateway.updates[-1].message
    assert (message.origin, message.person, message.base_hash) == (
        Origin.BUYER,
        BEA,
        quote.content_hash,
    )
    assert message.delta.model_dump(exclude_defaults=True) == {
        "lines": ({"line": 1, "quantity": 30},)
    }
    assert message.token == world.token("revise", BEA, quote.content_hash)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("51", "51 is more than 50"),
        ("9", "9 is less than 10"),
        ("12.5", "whole units only"),
        ("many", "“many” is no number"),
        ("NaN", "“NaN” is no number"),
        ("1e400", "more than 50"),
        ("-1", "less than 10"),
        ("25", "Changes nothing"),
    ],
)
def test_a_change_beyond_the_limits_is_refused_beside_its_box(
    world: Any, quote: Quote, written: str, said: str
) -> None:
    """In the preview already, and when it is sent all the same."""
    for do in ("preview", "send"):
        response = send(world, "change", **{"quantity-1": written}, base=quote.content_hash, do=do)
        assert response.status_code == 422
        assert said in text_of(response)
    assert world.gateway.updates == []


def test_a_line_without_limits_is_nobodys_to_change(world: Any) -> None:
    """The form has no box for it; a forged one is refused."""
    made = world.quote(world.deal(stage="accept"))
    mailed(world, made)

    page = world.client.get(link(world))
    forged = send(world, "change", **{"quantity-1": "26"}, base=made.content_hash, do="send")

    assert "Change quantities" not in text_of(page)
    assert forged.status_code == 422
    assert world.gateway.updates == []


def test_a_counter_offer_is_priced_and_every_fault_of_it_told(world: Any, quote: Quote) -> None:
    """15 % more off 800.00 a month is 680.00, 8,160.00 a year; 101 % is no discount."""
    good = {"header": "15", "reason": "our budget", "base": quote.content_hash}
    bad = {"header": "101", "price-1": "x", "term": "1.5", "base": quote.content_hash}

    preview = send(world, "counter", **good)
    sent = send(world, "counter", **good, do="send")
    wrong = send(world, "counter", **bad, do="send")
    beyond = send(world, "counter", header="101", base=quote.content_hash, do="send")

    assert "$8,160.00" in text_of(preview)
    assert sent.status_code == 303
    [update] = world.gateway.updates
    assert (update.name, update.message.reason) == ("counter_offer", "our budget")
    assert update.message.token == world.token("counter", BEA, quote.content_hash)
    assert wrong.status_code == beyond.status_code == 422
    assert "“x” is no number" in text_of(wrong)
    assert "not a whole number of months" in text_of(wrong)
    assert "101 is not between 0 and 100" in text_of(wrong)
    assert "101 is not between 0 and 100" in text_of(beyond)


@pytest.mark.usefixtures("quote")
def test_what_people_write_is_text_and_never_a_tag(world: Any) -> None:
    """Comments are shown to the other side as they were typed."""
    world.add(
        CommentRow(
            deal="1001",
            number=1,
            quote_version=1,
            origin="buyer",
            person=BEA,
            actor=BEA,
            channel="web",
            text='<script>alert(1)</script> & "more"',
            command_id="c-1",
            written_at=NOW,
        )
    )

    response = world.client.get(link(world))

    assert "<script" not in response.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;" in response.text
    sent = send(world, "comment", text="When?\r\nSoon?")
    assert sent.status_code == 303
    assert world.gateway.updates[-1].message.text == "When?\nSoon?"
    assert world.gateway.updates[-1].message.token == world.token(
        "comment", BEA, said_hash("When?\nSoon?")
    )


def test_the_pdf_of_the_version_that_is_shown_is_there_to_keep(world: Any, quote: Quote) -> None:
    """The very bytes that were mailed."""
    assert world.client.get(f"{link(world)}/quote.pdf").status_code == 409
    world.documents.contents["f" * 64] = b"%PDF-1"
    world.add(
        DocumentRow(
            deal="1001",
            kind="quote",
            number=quote.number,
            sha256="f" * 64,
            filename="Quote.pdf",
            size=6,
            dated_on=NOW.date(),
        )
    )

    response = world.client.get(f"{link(world)}/quote.pdf")

    assert response.content == b"%PDF-1"
    assert response.headers["Cache-Control"] == "no-store"


def test_too_large_a_form_and_an_unknown_one_are_refused(world: Any, quote: Quote) -> None:
    """Nobody fills the memory, and there are no other doors."""
    large = send(world, "comment", text="x" * 70_000)
    unknown = send(world, "delete", base=quote.content_hash)

    assert large.status_code == 422
    assert unknown.status_code == 403
    assert world.gateway.updates == []


def test_the_style_comes_from_the_house(world: Any) -> None:
    """Its address changes with its content, so it may be kept."""
    response = world.client.get("/q/style.css")

    assert response.text == style()
    assert "immutable" in response.headers["Cache-Control"]
    assert "url(" not in response.text
    assert "@import" not in response.text


def test_the_seller_gets_the_link_and_others_do_not(world: Any, by: Any, quote: Quote) -> None:
    """By API and command line, for a contact of the customer only."""
    made = world.get("/v1/deals/1001/link", contact="cora@acme.example")
    stranger = by("sam", "quote", "link", "1001", "--contact", "eve@evil.example")
    finance = by("fiona", "quote", "link", "1001")
    shown = by("sam", "quote", "link", "1001")

    assert made["person"] == "cora@acme.example"
    assert made["url"].startswith(f"{world.house.settings.public_url}/q/")
    assert datetime.fromisoformat(made["expires_at"]) == END
    assert stranger.exit_code == 2
    assert "no contact of customer C-100" in stranger.output
    assert finance.exit_code == 4
    assert shown.stdout.startswith(f"{world.house.settings.public_url}{link(world)}")
    assert quote.number not in shown.stdout


def test_only_the_seller_of_a_deal_answers_its_buyer(world: Any, by: Any, quote: Quote) -> None:
    """Mia may sell, but this is Sam's deal; an answer to no counter-offer goes to the deal."""
    for body, name in (({"text": "hi"}, "comment"), ({"answer": "accept"}, "answer_counter_offer")):
        response = world.tell(name, body, person="mia")
        assert response.status_code == 403
        assert "sold by sam" in response.json()["detail"]
    assert world.gateway.updates == []

    assert by("sam", "quote", "comment", "1001", "In two weeks.").exit_code == 0
    assert world.gateway.updates[-1].message.text == "In two weeks."
    assert by("sam", "counter-offer", "show", "1001").exit_code == 1
    assert quote.content_hash


@pytest.mark.parametrize(
    ("language", "said", "wish"),
    [
        ("de", ("Gültig bis", "9.600,00", "Annehmen", "Ein Gegenangebot machen"), "30 statt 25"),
        ("fr", ("Valable jusqu'au", "Accepter ce devis"), "30 au lieu de 25"),
        ("es", ("Válido hasta", "Aceptar este presupuesto"), "30 en lugar de 25"),
    ],
)
def test_the_page_speaks_the_language_of_the_customer(
    world: Any, quote: Quote, language: str, said: tuple[str, ...], wish: str
) -> None:
    """Words, numbers and what a change asks for; the browser is told the language as well."""
    customer = parse_customer({**CUSTOMER, "language": language})
    world.register(RegisterKind.CUSTOMER, "C-100", customer.model_dump_json(), 2)

    page = world.client.get(link(world))
    boxes = {"base": quote.content_hash, "key": "k", "do": "preview", "quantity-1": "30"}
    preview = send(world, "change", **boxes)

    assert f'<html lang="{language}">' in page.text
    assert [words for words in said if words not in text_of(page)] == []
    assert wish in text_of(preview)
    assert "Accept this quote" not in page.text
