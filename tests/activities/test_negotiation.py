"""What buyer and seller say about an offer: on record once, proven, and answered once."""

from typing import Any

from activities.mailing import letters_of, notices_of
from activities.negotiation import COMMENT, COUNTER, MOST_WORDS, NegotiationActivities
from activities.pricing import quote_version
from activities.revision import PURPOSE, RevisionActivities
from models.decisions import decision_token
from models.documents import DocumentKind
from models.links import read_link
from models.negotiation import said_hash
from models.quoting import Quote
from models.revision import Origin
from models.steps import (
    Negotiate,
    Negotiated,
    NegotiationKind,
    Notice,
    Notify,
    PublishDocument,
    QuotePriced,
    ReviseQuote,
)
from models.tables import CommentRow, CounterAnswerRow, CounterOfferRow, RevisionRow
from tests.activities.house import SECRET, House, deal_file, line, step

BEN = "ben@buyer.example"
LIMITS = {"minimum": "2", "maximum": "9"}


def say(house: House, kind: NegotiationKind, command: str = "n-1", **fields: Any) -> Negotiated:
    asked = step(Negotiate, "1001", kind=kind, command_id=command, **{"quote_version": 1, **fields})
    return NegotiationActivities(house.office).record_negotiation(asked)


def offered(house: House, **changes: Any) -> Quote:
    """Quote three seats at 50.00 a month for a year, 1,800.00, of which Ben may take 2 to 9."""
    house.quote(deal_file("1001", line("CRM", "3", buyer_may=LIMITS), **changes))
    return house.books.read(lambda session: quote_version(session, "1001", 1))


def proof(purpose: str, content: str) -> dict[str, Any]:
    token = decision_token(SECRET, "1001", purpose, BEN, content)
    return {"person": BEN, "actor": BEN, "origin": Origin.BUYER, "token": token}


def words(text: str) -> dict[str, Any]:
    """Return a comment of Ben's with its proof."""
    return {"text": text, **proof(COMMENT, said_hash(text))}


def counter(house: House, quote: Quote, command: str = "n-1", **delta: Any) -> Negotiated:
    fields = {"delta": delta, "base_hash": quote.content_hash, "text": "our budget"}
    signed = proof(COUNTER, quote.content_hash)
    return say(house, NegotiationKind.COUNTER_OFFER, command, **fields, **signed)


def revise(house: House, command: str = "r-1", **fields: Any) -> QuotePriced:
    asked = step(ReviseQuote, "1001", quote_version=1, command_id=command, **fields)
    return RevisionActivities(house.office).revise_quote(asked)


def named(outcome: Negotiated | QuotePriced) -> list[str]:
    return [problem.field for problem in outcome.problems]


FIFTEEN: dict[str, Any] = {"header_discount": {"percent": "15"}}


def test_a_comment_sent_twice_is_on_record_once(house: House) -> None:
    """Law 1; and each side's is numbered within the deal."""
    offered(house)
    said = words("When?")

    first = say(house, NegotiationKind.COMMENT, **said)
    again = say(house, NegotiationKind.COMMENT, **said)
    answer = say(house, NegotiationKind.COMMENT, "n-2", text="Soon.", actor="sam")

    assert (first, again, answer.number) == (Negotiated(number=1), Negotiated(number=1), 2)
    assert [(row.origin, row.person) for row in house.rows(CommentRow)] == [
        ("buyer", BEN),
        ("seller", "sam"),
    ]


def test_a_buyer_proves_who_writes_and_writes_something(house: House) -> None:
    """Whoever reaches the port could put words into a buyer's mouth."""
    quote = offered(house)
    fake = {**words("x"), "token": "wrong", "text": " "}
    before = house.everything()

    assert named(say(house, NegotiationKind.COMMENT, **fake)) == ["text", "token"]
    stranger = {**words("x"), "person": "eve@evil.example"}
    assert named(say(house, NegotiationKind.COMMENT, **stranger)) == ["person", "token"]
    other_words = {**words("x"), "text": "something else"}
    assert named(say(house, NegotiationKind.COMMENT, **other_words)) == ["token"]
    for_comments = {**words("x"), "base_hash": quote.content_hash, "delta": FIFTEEN}
    assert named(say(house, NegotiationKind.COUNTER_OFFER, **for_comments)) == ["token"]
    assert house.everything() == before


def test_a_link_that_leaked_does_not_fill_the_books(house: House) -> None:
    """There is an end to what one buyer can write; the seller still can."""
    offered(house)
    for number in range(MOST_WORDS):
        assert not say(house, NegotiationKind.COMMENT, f"n-{number}", **words("hi")).problems

    more = say(house, NegotiationKind.COMMENT, "more", **words("hi"))

    assert named(more) == ["text"]
    assert say(house, NegotiationKind.COMMENT, "s-1", text="stop", actor="sam").number == 201


def test_a_counter_offer_changes_nothing_until_it_is_accepted(house: House) -> None:
    """15 % off 1,800.00 is 1,530.00: the next version, made by the seller, wished by the buyer."""
    quote = offered(house)

    assert counter(house, quote, **FIFTEEN) == Negotiated(number=1)
    assert counter(house, quote, **FIFTEEN) == Negotiated(number=1)
    assert house.rows(RevisionRow) == []
    made = revise(house, counter=1, actor="sam")

    assert made.quote is not None
    assert made.quote.total_minor == 1_530_00
    [row] = house.rows(RevisionRow)
    assert (row.origin, row.person, row.actor, row.reason) == ("buyer", BEN, "sam", "our budget")
    [answer] = house.rows(CounterAnswerRow)
    assert (answer.counter, answer.accepted, answer.quote_version) == (1, True, 2)
    assert revise(house, counter=1, actor="sam") == made


def test_a_counter_offer_that_cannot_be_sold_is_refused_at_once(house: House) -> None:
    """With every reason, while the buyer still looks at it; nothing is on record."""
    quote = offered(house)
    before = house.everything()

    beyond = counter(house, quote, header_discount={"percent": "101"}, term_months=999)
    closed = counter(house, quote, payment_terms_days=90, note="mine")
    stale = say(
        house,
        NegotiationKind.COUNTER_OFFER,
        delta=FIFTEEN,
        base_hash="older",
        **proof(COUNTER, quote.content_hash),
    )

    assert set(named(beyond)) == {"header_discount.percent", "term_months"}
    assert set(named(closed)) == {"delta.payment_terms_days", "delta.note"}
    assert named(stale) == ["base_hash"]
    assert house.everything() == before


def test_a_counter_offer_is_answered_once_and_only_the_newest(house: House) -> None:
    """The buyer thought again: the first one no longer waits."""
    quote = offered(house)
    counter(house, quote, **FIFTEEN)
    counter(house, quote, "n-2", header_discount={"percent": "12"})

    late = say(house, NegotiationKind.REJECTION, "a-1", counter=1, text="no", actor="sam")
    bare = say(house, NegotiationKind.REJECTION, "a-2", counter=2, actor="sam")
    no = say(house, NegotiationKind.REJECTION, "a-3", counter=2, text="too much", actor="sam")
    again = say(house, NegotiationKind.REJECTION, "a-3", counter=2, text="too much", actor="sam")
    changed_mind = revise(house, counter=2, actor="sam")

    assert named(late) == ["counter"]
    assert named(bare) == ["reason"]
    assert no == again == Negotiated(number=2)
    assert named(changed_mind) == ["counter"]
    assert len(house.rows(CounterOfferRow)) == 2
    assert [row.accepted for row in house.rows(CounterAnswerRow)] == [False]


def test_a_buyers_own_change_stays_within_its_limits(house: House) -> None:
    """Two to nine seats are Ben's to choose; a discount is not, whatever he proves."""
    quote = offered(house)
    signed = proof(PURPOSE, quote.content_hash)

    beyond = revise(house, delta={"lines": [{"line": 1, "quantity": "10"}]}, **signed)
    priced = revise(house, delta={"lines": [{"line": 1, "discount": {"percent": "50"}}]}, **signed)
    within = revise(house, delta={"lines": [{"line": 1, "quantity": "9"}]}, **signed)

    assert named(beyond) == ["delta.lines[0].quantity"]
    assert named(priced) == ["delta.lines[0].discount"]
    assert within.quote is not None
    assert within.quote.total_minor == 5_400_00


def link_in(house: House) -> str:
    """Return the token of the link in the quote mail."""
    asked = step(
        PublishDocument, "1001", kind=DocumentKind.QUOTE, number="Q-1001-1", quote_version=1
    )
    [mail] = house.books.read(
        lambda session: letters_of(session, asked, SECRET, "https://q.example")
    )
    [line_of_link] = [one for one in mail.text.splitlines() if "https://q.example/q/" in one]
    return line_of_link.strip().removeprefix("https://q.example/q/")


def test_the_quote_mail_leads_to_the_page_and_a_revocation_ends_that(house: House) -> None:
    """The same mail carries the same link, until the contact's links are ended."""
    offered(house)
    before = link_in(house)
    assert link_in(house) == before

    ended = say(house, NegotiationKind.REVOCATION, person=BEN, text="wrong address", actor="sam")
    again = say(house, NegotiationKind.REVOCATION, person=BEN, text="wrong address", actor="sam")
    stranger = say(house, NegotiationKind.REVOCATION, "n-2", person="eve@evil.example")

    old, new = read_link(SECRET, before), read_link(SECRET, link_in(house))
    assert old is not None
    assert new is not None
    assert (old.person, old.generation, new.generation) == (BEN, 0, 1)
    assert ended == again == Negotiated(number=1)
    assert named(stranger) == ["person"]


def mails(house: House, notice: Notice, number: str) -> list[tuple[str, str]]:
    asked = step(Notify, "1001", notice=notice, reference=number, quote_version=1)
    found, _ = house.books.read(
        lambda session: notices_of(session, asked, SECRET, "https://q.example")
    )
    return [(mail.recipient, mail.text) for mail in found]


def test_each_side_is_mailed_what_the_other_said(house: House) -> None:
    """The seller with the commands to answer, the buyer with the link to the page."""
    quote = offered(house)
    say(house, NegotiationKind.COMMENT, **words("When?"))
    say(house, NegotiationKind.COMMENT, "n-2", text="In May.", actor="sam")
    counter(house, quote, "n-3", **FIFTEEN)
    say(house, NegotiationKind.REJECTION, "n-4", counter=1, text="too much", actor="sam")

    [(seller, question)] = mails(house, Notice.COMMENT, "1")
    [(buyer, answer)] = mails(house, Notice.COMMENT, "2")
    [(asked, wish)] = mails(house, Notice.COUNTER_OFFER, "1")
    [(told, no)] = mails(house, Notice.COUNTER_REJECTED, "1")

    assert (seller, buyer, asked, told) == ("sam@nord.example", BEN, "sam@nord.example", BEN)
    assert "When?" in question
    assert "q2c quote comment 1001" in question
    assert "In May." in answer
    assert "https://q.example/q/" in answer
    assert "15 % off the whole quote" in wish
    assert "q2c counter-offer accept 1001" in wish
    assert "too much" in no
