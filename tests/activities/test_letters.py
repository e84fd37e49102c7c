"""Letters: short subjects, and commands that do what they say when pasted into a shell."""

import json
import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities import letters
from activities.letters import Letter, Request, Subject, signal_line
from models.decisions import decision_token
from models.messages import Decision
from models.words import LANGUAGES

SECRET = b"a secret of the house"
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
BEN = "ben@buyer.example"
ABOUT = Subject(
    deal="1001",
    customer="Buyer AG",
    seller="Sam",
    entity="Nord Handel GmbH",
    total="€1,350.00",
)
SHORTEST_SCREEN = 78


def asked(message: str, command: str, person: str, step: str = "") -> Request:
    """Return what somebody is asked, with the token of that question."""
    return Request(
        deal="1001",
        message=message,
        command=command,
        person=person,
        token=decision_token(SECRET, "1001", step or command, person, HASH),
        content_hash=HASH,
        step=step,
    )


APPROVE = asked("approve", "approve", "mia", "sales-1")
ACCEPT = asked("accept_quote", "accept", BEN)
SIGN = asked("contract_signed", "sign", BEN)
RENEW = asked("renew", "renew", BEN)

APPROVAL = letters.approval_request(
    ABOUT, APPROVE, ["more than 10 % off", "more than 60 days to pay"], opening="Please approve"
)
QUOTE = letters.quote(ABOUT, ACCEPT, "Q-1001-1", "31 Jan 2026")
SIGNATURE = letters.signature_request(ABOUT, SIGN, "OF-1001-1")
RENEWAL = letters.renewal_offer(ABOUT, RENEW, "Q-1001-2", "Please answer until 1 Nov 2026.")
QUESTIONS = [(APPROVAL, APPROVE), (QUOTE, ACCEPT), (SIGNATURE, SIGN), (RENEWAL, RENEW)]
QUESTION_NAMES = ["approve", "accept", "sign", "renew"]

LETTERS = [
    *(letter for letter, _ in QUESTIONS),
    letters.signed_copy(ABOUT, "OF-1001-1-signed"),
    letters.order_confirmation(ABOUT, "OC-1001", ["3 x Crm: provisioned"]),
    letters.work_order(ABOUT, "WO-1001-1", ["2 x Laptop"]),
    letters.delivery_note("DN-1001-1"),
    letters.invoice(ABOUT, "INV-2026-00001", "€1,350.00", "31 Jan 2026"),
    letters.receipt("R-PAY-2026-00001", "€1,350.00", "€0.00"),
    letters.reminder(ABOUT, "REM-2026-00001", "first reminder", "€1,350.00"),
    letters.renewal_reminder(ABOUT, "Q-1001-2", "Please answer until 1 Nov 2026."),
    letters.renewal_alarm(ABOUT, "Please answer until 1 Nov 2026."),
    letters.dunning_decision(ABOUT),
    letters.ended(ABOUT, "declined"),
]


def signal_words(letter: Letter) -> list[str]:
    """Return the words a shell makes of the one line that calls Temporal."""
    (found,) = [text for text in letter.text.splitlines() if text.startswith("  temporal ")]
    return shlex.split(found)


@pytest.mark.parametrize(("letter", "request_"), QUESTIONS, ids=QUESTION_NAMES)
def test_the_line_for_temporal_is_a_whole_command(letter: Letter, request_: Request) -> None:
    """With nothing of ours installed, a decision is one pasted line."""
    *words, payload = signal_words(letter)

    assert words == [
        "temporal",
        "workflow",
        "signal",
        "--namespace",
        "q2c",
        "--workflow-id",
        "deal-1001",
        "--name",
        request_.message,
        "--input",
    ]
    assert json.loads(payload).keys() <= Decision.model_fields.keys()


@pytest.mark.parametrize(
    ("letter", "person", "step", "token_step"),
    [
        (APPROVAL, "mia", "sales-1", "sales-1"),
        (QUOTE, BEN, "", "accept"),
        (SIGNATURE, BEN, "", "sign"),
        (RENEWAL, BEN, "", "renew"),
    ],
    ids=QUESTION_NAMES,
)
def test_its_input_is_the_decision_that_was_asked_for(
    letter: Letter, person: str, step: str, token_step: str
) -> None:
    """The deal reads it without problems and finds the token it expects."""
    decision = Decision.model_validate_json(signal_words(letter)[-1])

    assert decision.problems == ()
    assert (decision.person, decision.step) == (person, step)
    assert decision.content_hash == HASH
    assert decision.token == decision_token(SECRET, "1001", token_step, person, HASH)


def test_pasting_a_line_twice_sends_the_same_command() -> None:
    """The command id is of the question, so the second one changes nothing."""
    first, again = (json.loads(signal_words(QUOTE)[-1])["command_id"] for _ in range(2))
    others = {json.loads(signal_words(letter)[-1])["command_id"] for letter, _ in QUESTIONS}

    assert first == again == f"accept_quote-{ACCEPT.token[:12]}"
    assert len(others) == 4


@given(person=st.text(max_size=40), step=st.text(max_size=40))
def test_no_name_breaks_out_of_its_word(person: str, step: str) -> None:
    """A quote, a dollar or a line break in a name must not become a command of its own."""
    request = APPROVE.model_copy(update={"person": person, "step": step})

    words = shlex.split(signal_line(request))

    assert len(words) == 11
    assert (words[-1].count("\n"), len(signal_line(request).splitlines())) == (0, 1)
    read = Decision.model_validate_json(words[-1])
    assert (read.person, read.step) == (person, step)


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.subject.split()[0])
def test_a_subject_fits_in_a_list_of_mails(letter: Letter) -> None:
    """RFC 5322, 2.1.1 recommends lines of at most 78 characters; a phone shows less."""
    assert 0 < len(letter.subject) <= SHORTEST_SCREEN
    assert "\n" not in letter.subject


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.subject.split()[0])
def test_no_line_is_longer_than_mail_allows(letter: Letter) -> None:
    """RFC 5322, 2.1.1: at most 998 bytes; longer ones are refused or broken by servers."""
    assert all(len(line.encode()) <= 998 for line in letter.text.splitlines())
    assert letter.text.endswith("\n")
    assert re.search(r"\n{3,}", letter.text) is None


def test_an_approver_reads_why_they_are_asked() -> None:
    """Every reason of the policy, what to type, and how to say no."""
    assert APPROVAL.subject == "Please approve: deal 1001, Buyer AG, €1,350.00"
    lines = APPROVAL.text.splitlines()
    assert lines[0] == "Sam offers Buyer AG €1,350.00."
    assert "  - more than 10 % off" in lines
    assert "  - more than 60 days to pay" in lines
    assert "  q2c approve 1001 --step sales-1" in lines
    assert "--reason" in APPROVAL.text


@pytest.mark.parametrize(
    ("letter", "command", "token"),
    [
        (QUOTE, "accept", ACCEPT.token),
        (SIGNATURE, "sign", SIGN.token),
        (RENEWAL, "renew", RENEW.token),
    ],
    ids=QUESTION_NAMES[1:],
)
def test_a_customer_may_answer_with_our_command_too(
    letter: Letter, command: str, token: str
) -> None:
    """They are not on our machines, so person and token go with it."""
    expected = f"  q2c {command} 1001 --person {BEN} --token {token}"

    assert expected in letter.text.splitlines()


def test_a_signer_reads_the_hash_they_sign() -> None:
    """A signature is for exactly this content."""
    assert f"  {HASH}" in SIGNATURE.text.splitlines()


def test_the_signed_copy_is_called_by_the_form_that_was_signed() -> None:
    """`-signed` is our name for the copy, not the customer's."""
    assert letters.signed_copy(ABOUT, "OF-1001-1-signed").subject == "Signed: order form OF-1001-1"


def test_finance_reads_both_answers() -> None:
    """Each answer is one line to paste."""
    lines = letters.dunning_decision(ABOUT).text.splitlines()
    commands = [shlex.split(line) for line in lines if line.startswith("  q2c ")]

    ask = ["q2c", "deal", "resolve", "1001", "--item", "dunning", "--answer"]
    assert commands == [[*ask, "hand over"], [*ask, "wait"]]


def letters_in(language: str) -> list[Letter]:
    """Return one of each letter in a language."""
    about = ABOUT.model_copy(update={"language": language})
    notice = about.words.notice_ends.format(day="1 Nov 2026")
    return [
        letters.approval_request(about, APPROVE, ["r"], opening=about.words.approval_opening),
        letters.quote(about, ACCEPT, "Q-1001-1", "31 Jan 2026"),
        letters.signature_request(about, SIGN, "OF-1001-1"),
        letters.signed_copy(about, "OF-1001-1-signed"),
        letters.order_confirmation(about, "OC-1001", ["3 x Crm: provisioned"]),
        letters.work_order(about, "WO-1001-1", ["2 x Laptop"]),
        letters.delivery_note("DN-1001-1", about.entity, language),
        letters.invoice(about, "INV-2026-00001", "€1,350.00", "31 Jan 2026"),
        letters.receipt("R-PAY-2026-00001", "€1,350.00", "€0.00", about.entity, language),
        letters.reminder(about, "REM-2026-00001", "first notice", "€1,350.00"),
        letters.renewal_offer(about, RENEW, "Q-1001-2", notice),
        letters.renewal_reminder(about, "Q-1001-2", notice),
        letters.renewal_alarm(about, notice),
        letters.dunning_decision(about),
        letters.ended(about, "declined"),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_is_written_in_every_language(language: str) -> None:
    """Short subjects, nothing left to fill in, and no two languages alike."""
    for letter, english in zip(letters_in(language), letters_in("en"), strict=True):
        assert 0 < len(letter.subject) <= SHORTEST_SCREEN
        assert re.search(r"{\w+}", letter.subject + letter.text) is None
        assert re.search(r"\n{3,}", letter.text) is None
        assert language == "en" or letter.text != english.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_commands_in_a_letter_are_the_same_in_every_language(language: str) -> None:
    """What is pasted into a shell must not be translated."""

    def commands(letter: Letter) -> list[str]:
        return [row for row in letter.text.splitlines() if row.startswith(("  q2c ", "  temporal"))]

    found = [commands(letter) for letter in letters_in(language)]

    assert found == [commands(letter) for letter in letters_in("en")]
    assert sum(map(len, found)) == 12


@pytest.mark.parametrize(
    ("language", "greeting", "closing"),
    [
        ("en", "Hello,", "Kind regards"),
        ("de", "Guten Tag,", "Mit freundlichen Grüßen"),
        ("fr", "Bonjour,", "Cordialement"),
        ("es", "Buenos días:", "Atentamente"),
    ],
)
def test_a_customer_is_greeted_and_told_who_writes(
    language: str, greeting: str, closing: str
) -> None:
    """A mail about money from nobody looks like fraud."""
    about = ABOUT.model_copy(update={"language": language})

    lines = letters.invoice(about, "INV-1", "1", "2").text.splitlines()

    assert lines[0] == greeting
    assert lines[-2:] == [closing, "Nord Handel GmbH"]


@pytest.mark.parametrize(("count", "phrase"), [(1, "1 Position für"), (2, "2 Positionen für")])
def test_a_work_order_counts_its_lines_right(count: int, phrase: str) -> None:
    """One Position, two Positionen."""
    about = ABOUT.model_copy(update={"language": "de"})

    letter = letters.work_order(about, "WO-1", ["1 x Laptop"] * count)

    assert letter.text.startswith(phrase)
