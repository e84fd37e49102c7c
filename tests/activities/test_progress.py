"""Progress: what a deal tells the books about itself, each thing once."""

from datetime import date

from models.deal import AnsweredCommand, AuditEntry, Stage
from models.messages import Answer
from models.steps import CloseDeal, Progress
from models.tables import AuditRow, CommandRow, DealRow
from tests.activities.house import START, House, deal_file, line, noon, step


def entry(sequence: int) -> AuditEntry:
    return AuditEntry(sequence=sequence, at=noon(START), actor="sam", what=f"step {sequence}")


def answer(command: str, text: str = "Recorded.", *, accepted: bool = True) -> AnsweredCommand:
    return AnsweredCommand(
        command_id=command,
        name="approve",
        request_hash="h",
        answer=Answer(accepted=accepted, text=text),
    )


def progress(*audit: AuditEntry, answers: tuple[AnsweredCommand, ...] = ()) -> Progress:
    return Progress(
        deal="1001",
        stage=Stage.LIVE,
        term=2,
        on_hold="billing: which rate?",
        next_action="converge",
        next_action_at=noon(date(2026, 2, 1)),
        business_time=noon(START),
        balance_minor=178_50,
        audit=audit,
        answers=answers,
    )


def test_a_deal_tells_where_it_is(house: House) -> None:
    """Lists and reports work with no worker running."""
    house.quote(deal_file("1001", line("CRM")))

    house.progress.record_progress(progress())

    row = house.rows(DealRow)[0]
    assert (row.stage, row.term, row.on_hold) == ("live", 2, "billing: which rate?")
    assert (row.next_action, row.next_action_at) == ("converge", noon(date(2026, 2, 1)))
    assert (row.business_time, row.balance_minor) == (noon(START), 178_50)


def test_audit_entries_are_written_once(house: House) -> None:
    """A batch sent again, or overlapping the one before, adds what is new."""
    house.quote(deal_file("1001", line("CRM")))
    house.progress.record_progress(progress(entry(1), entry(2)))
    before = house.everything()

    house.progress.record_progress(progress(entry(1), entry(2)))
    assert house.everything() == before
    house.progress.record_progress(progress(entry(2), entry(3)))

    assert [row.sequence for row in house.rows(AuditRow)] == [1, 2, 3]


def test_answers_are_kept_under_their_command(house: House) -> None:
    """A command answered anew after a hold keeps one row, with the newer answer."""
    house.quote(deal_file("1001", line("CRM")))
    waiting = answer("c-1", "It waits for a person.", accepted=False)
    house.progress.record_progress(progress(answers=(waiting, answer("c-2"))))

    house.progress.record_progress(progress(answers=(answer("c-1"), answer("c-1"))))

    rows = house.rows(CommandRow)
    assert [(row.command_id, row.accepted) for row in rows] == [("c-1", True), ("c-2", True)]
    assert Answer.model_validate_json(rows[0].answer).text == "Recorded."


def test_a_deal_that_never_went_on_record_has_nowhere_to_tell(house: House) -> None:
    """A refused start leaves no deal in the books; telling them is not an error."""
    house.progress.record_progress(progress(entry(1)))

    assert house.rows(DealRow) == []
    assert house.rows(AuditRow) == []


def test_closing_keeps_the_first_moment_and_says_what_is_open(house: House) -> None:
    """Run again later, the deal stays closed when it was."""
    house.sell(deal_file("1001", line("CRM", "3")))
    house.converge("1001", START)
    asked = step(CloseDeal, "1001", outcome="expired")
    first = house.progress.close_deal(asked)
    before = house.everything()

    again = house.progress.close_deal(step(CloseDeal, "1001", date(2026, 1, 2), outcome="expired"))

    assert first.balance_minor == again.balance_minor == 178_50
    assert house.everything() == before
    assert [(row.outcome, row.closed_at) for row in house.rows(DealRow)] == [
        ("expired", noon(START))
    ]
