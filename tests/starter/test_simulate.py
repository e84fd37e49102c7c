"""Simulation: the whole deal in seconds, with the real workflow, and nothing left behind."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from models.errors import InvalidInputError
from models.money import Money
from starter.simulate import play, run
from starter.simulate.outcome import CalendarEntry, Happening, Simulation
from starter.simulate.request import Paying, parse_paying, read_request
from workers.settings import Settings

SAMPLES = Path(__file__).parents[2] / "starter" / "samples" / "deals"
TODAY = date(2026, 1, 1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "nobody")


async def simulated(settings: Settings, name: str, until: date, pay: str = "due") -> Simulation:
    return await play(read_request(SAMPLES / name, until, pay, TODAY), settings)


def entries(simulation: Simulation, what: Happening, kind: str = "") -> list[CalendarEntry]:
    return [each for each in simulation.calendar if each.what is what and kind in each.kind]


async def test_three_years_of_seats_are_billed_paid_and_renewed(settings: Settings) -> None:
    """50 seats at 7.16 and 6.25 % tax are 380.38 a month; 5 % more from the second year on."""
    simulation = await simulated(settings, "demo-2-seats.yaml", date(2027, 1, 31))

    invoices = entries(simulation, Happening.DOCUMENT, "invoice")
    renewals = entries(simulation, Happening.TERM, "renewed")

    assert len(invoices) == 37
    assert [invoices[0].on, invoices[1].on, invoices[2].on] == [
        date(2024, 1, 31),
        date(2024, 2, 29),
        date(2024, 3, 31),
    ]
    assert [invoices[0].amount_minor, invoices[12].amount_minor] == [38038, 39939]
    assert len(entries(simulation, Happening.PAYMENT)) == 36
    assert [each.on for each in renewals] == [
        date(2025, 1, 31),
        date(2026, 1, 31),
        date(2027, 1, 31),
    ]
    assert simulation.totals.contract_minor == 1851648


async def test_a_term_renews_also_where_nobody_ever_pays(settings: Settings) -> None:
    """Without payments the next thing to wait for is the renewal quote, then the term's end."""
    simulation = await simulated(settings, "demo-2-seats.yaml", date(2027, 1, 31), "never")

    assert [each.on for each in entries(simulation, Happening.TERM, "renewed")] == [
        date(2025, 1, 31),
        date(2026, 1, 31),
        date(2027, 1, 31),
    ]
    parked = [each.text.partition(":")[0] for each in entries(simulation, Happening.QUESTION)]
    assert set(parked) == {"dunning"}


async def test_the_revenue_of_the_months_is_the_revenue_of_the_deal(settings: Settings) -> None:
    """Four whole months of a year of 6,900.00 EUR by days: 123 of 365."""
    simulation = await simulated(settings, "demo-4-late-payer.yaml", date(2025, 9, 10))

    months = {each.month: each.amount_minor for each in simulation.revenue}

    assert list(months) == ["2025-05", "2025-06", "2025-07", "2025-08"]
    assert sum(months.values()) == simulation.totals.revenue_minor
    assert simulation.totals.revenue_minor == 232520
    assert simulation.totals.contract_liability_minor == 690000 - sum(months.values())


async def test_a_late_payer_hears_every_reminder_on_the_way(settings: Settings) -> None:
    """Twelve days late: before the due date, then the friendly reminder and the first notice."""
    simulation = await simulated(
        settings, "demo-4-late-payer.yaml", date(2025, 7, 1), pay="late:12"
    )

    reminders = entries(simulation, Happening.REMINDER)
    payments = entries(simulation, Happening.PAYMENT)

    assert [each.kind for each in reminders] == [
        "pre-reminder",
        "friendly reminder",
        "first notice",
    ]
    assert [each.on for each in payments] == [date(2025, 6, 12)]


async def test_who_never_pays_ends_with_a_question_to_a_person(settings: Settings) -> None:
    """After the last letter nobody is handed over without somebody deciding it."""
    simulation = await simulated(settings, "demo-4-late-payer.yaml", date(2025, 8, 1), pay="never")

    questions = entries(simulation, Happening.QUESTION)

    assert entries(simulation, Happening.PAYMENT) == []
    assert len(questions) == 1
    assert questions[0].text.startswith("dunning:")
    assert simulation.totals.receivable_minor == 690000


async def test_goods_are_delivered_billed_and_the_deal_completed(settings: Settings) -> None:
    """A one-off sale of 1,994.40 net has 7 % on food and 19 % on spirits: 2,140.92."""
    simulation = await simulated(settings, "demo-1-goods.yaml", date(2025, 12, 31))

    invoices = entries(simulation, Happening.DOCUMENT, "invoice")

    assert [each.amount_minor for each in invoices] == [214092]
    assert simulation.stage == "completed"
    assert simulation.totals.unbilled_minor == 0


async def test_a_simulation_reads_the_register_of_the_house_and_leaves_it_as_it_was(
    settings: Settings,
) -> None:
    """Without books of its own it plays with the samples and creates nothing where it was asked."""
    simulation = await simulated(settings, "demo-1-goods.yaml", date(2025, 7, 9))

    assert "the samples" in simulation.assumptions[0]
    assert not settings.home.exists()


async def test_a_day_is_told_in_the_order_of_a_deals_life(settings: Settings) -> None:
    """Whoever reads it top-down must not meet an invoice before the signatures."""
    simulation = await simulated(settings, "demo-1-goods.yaml", date(2025, 7, 9))

    assert [each.kind for each in simulation.calendar] == [
        "quote",
        "approved by",
        "accepted by",
        "order form",
        "signed by",
        "signed by",
        "order form",
        "sold",
        "order confirmation",
        "work order",
        "delivery note",
        "invoice",
    ]


async def test_json_is_the_outcome_and_nothing_else(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scripts read it, so the shape is the model's."""
    file = SAMPLES / "demo-1-goods.yaml"

    code = await run(file, date(2025, 8, 1), "due", as_json=True, settings=settings)

    shown = json.loads(capsys.readouterr().out)
    assert code == 0
    assert Simulation.model_validate(shown).deal == "DEMO-1"


async def test_the_table_shows_what_is_paid_when(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """People read it: days, numbers and amounts with separators."""
    await run(SAMPLES / "demo-1-goods.yaml", date(2025, 8, 1), "due", settings=settings)

    shown = capsys.readouterr().out

    assert "2025-07-23  payment" in shown
    assert "Revenue by month\n" in re.sub(" +\n", "\n", shown)
    assert str(Money(minor=214092, currency="EUR")).removesuffix(" EUR") in shown
    assert "completed" in shown


async def test_a_file_that_cannot_be_sold_lists_its_problems(
    settings: Settings, tmp_path: Path
) -> None:
    """The deal's own first step finds them, so they are the same as at a real start."""
    file = tmp_path / "deal.yaml"
    text = (SAMPLES / "demo-2-seats.yaml").read_text().replace("JIRA-STANDARD", "JIRA-STANDART")
    file.write_text(text.replace("C-200", "C-999"))

    with pytest.raises(InvalidInputError) as refused:
        await play(read_request(file, date(2024, 12, 31), "due", TODAY), settings)

    assert {problem.field for problem in refused.value.problems} == {
        "customer",
        "lines[0].product",
    }


async def test_a_file_without_number_and_seller_is_played_all_the_same(
    settings: Settings, tmp_path: Path
) -> None:
    """An offer is simulated before it is worth a number."""
    file = tmp_path / "deal.yaml"
    lines = (SAMPLES / "demo-1-goods.yaml").read_text().splitlines()
    file.write_text("\n".join(each for each in lines if not each.startswith(("number", "seller"))))

    simulation = await play(read_request(file, date(2025, 7, 9), "due", TODAY), settings)

    assert simulation.deal == "SIMULATION"
    assert simulation.totals.billed_minor == 199440


@pytest.mark.parametrize(
    ("written", "days"), [("due", 0), ("late:20", 20), ("late:0", 0), ("never", None)]
)
def test_a_manner_of_paying_is_read(written: str, days: int | None) -> None:
    """Days after the due date, or never."""
    assert parse_paying(written) == Paying(days_late=days)


@pytest.mark.parametrize("written", ["soon", "late", "late:", "late:-3", "late:4000", "due:3"])
def test_another_manner_of_paying_is_refused(written: str) -> None:
    """The three manners are told."""
    with pytest.raises(InvalidInputError, match="due"):
        parse_paying(written)


def test_a_last_day_before_the_first_is_refused() -> None:
    """Nothing can be played backwards."""
    with pytest.raises(InvalidInputError, match="2024-01-15"):
        read_request(SAMPLES / "demo-2-seats.yaml", date(2024, 1, 14), "due", TODAY)
