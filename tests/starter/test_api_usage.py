"""Usage through the doors: files and batches, whole or not at all."""

from pathlib import Path
from typing import Any

from models.errors import Problem
from models.steps import ToppedUp, UsageTaken
from starter.service.errors import RunFailedError

EVENT = {"id": "e-1", "deal": "1001", "meter": "calls", "at": "2026-02-03T10:15:00Z"}
BODY = {"events": [EVENT]}
CSV = "id,deal,meter,at,value\ne-1,1001,calls,2026-02-03T10:15:00Z,5\n"


class Anything(dict[str, Any]):
    """The same result for every workflow."""

    def __init__(self, result: Any) -> None:
        self.result = result
        super().__init__()

    def get(self, workflow_id: str, default: Any = None) -> Any:  # noqa: ARG002 - as dict has it
        """Return the result."""
        return self.result


def test_a_batch_goes_to_the_document_store_and_only_its_hash_to_the_engine(world: Any) -> None:
    """A million events would not fit a message, and would stay in a history for ever."""
    world.gateway.results = Anything(UsageTaken(events=1, added=1, deals=1))

    response = world.post("/v1/usage", BODY, "olga")

    (start,) = world.gateway.started
    assert (response.status_code, response.json()["added"]) == (201, 1)
    assert start.workflow == "UsageWorkflow"
    assert start.workflow_id == f"usage-{start.payload.file_hash[:32]}"
    assert (start.payload.suffix, start.payload.actor) == ("json", "olga")
    assert len(start.payload.model_dump_json()) < 300


def test_the_same_batch_again_is_on_record_already(world: Any) -> None:
    """Without any key: the content is the key."""
    world.gateway.results = Anything(UsageTaken(events=1, added=1, deals=1))

    found = [world.post("/v1/usage", BODY, "olga") for _ in range(2)]

    assert [one.status_code for one in found] == [201, 200]
    assert [one.json()["repeated"] for one in found] == [False, True]
    assert len(world.gateway.started) == 1


def test_sales_sends_no_usage(world: Any) -> None:
    """What is billed is not reported by who sells it."""
    assert world.post("/v1/usage", BODY, "sam").status_code == 403


def test_a_refused_batch_names_its_lines(world: Any) -> None:
    """As the intake found them."""
    problem = Problem(field="line 7: meter", reason="cals is no meter", remedy="calls?")
    world.gateway.results = Anything(RunFailedError("refused", "invalid_input", (problem,)))

    response = world.post("/v1/usage", BODY, "olga")

    assert response.status_code == 422
    assert response.json()["problems"][0]["field"] == "line 7: meter"


def test_a_file_is_sent_as_it_is(world: Any, by: Any, tmp_path: Path) -> None:
    """CSV stays CSV; the command says what is on record."""
    world.gateway.results = Anything(UsageTaken(events=2, added=1, known=1, deals=1))
    file = tmp_path / "january.csv"
    file.write_text(CSV, encoding="utf-8")

    result = by("olga", "usage", "import", str(file))

    assert result.exit_code == 0, result.output
    assert "2 events of 1 deal are on record, 1 of them on record already." in result.output
    (start,) = world.gateway.started
    assert start.payload.suffix == "csv"
    assert world.house.documents.get(start.payload.file_hash).decode() == CSV


def test_a_file_of_another_kind_is_wrong_usage(by: Any, tmp_path: Path) -> None:
    """Before anything is sent."""
    file = tmp_path / "january.xls"
    file.write_text("x", encoding="utf-8")

    assert by("olga", "usage", "import", str(file)).exit_code == 2
    assert by("olga", "usage", "import", str(tmp_path / "no.csv")).exit_code == 2


CREDIT = {"amount": "500.00", "reference": "PO-77", "credit": "550.00", "priority": 1}


def test_credit_is_sold_once_under_its_reference(world: Any) -> None:
    """The same again is answered again; another amount under it is a conflict."""
    world.gateway.results = Anything(ToppedUp(pool="top-up-1"))
    world.deal("1001", currency="USD")

    found = [world.post("/v1/deals/1001/credit", CREDIT) for _ in range(2)]
    other = world.post("/v1/deals/1001/credit", {**CREDIT, "amount": "5.00"})

    (start,) = world.gateway.started
    assert [one.status_code for one in (*found, other)] == [201, 201, 409]
    assert found[0].json()["pool"] == "top-up-1"
    assert (start.workflow, start.workflow_id) == ("CreditWorkflow", "credit-1001-PO-77")
    assert (start.payload.amount, start.payload.credit, start.payload.actor) == (
        "500.00",
        "550.00",
        "sam",
    )


def test_credit_needs_a_deal_a_role_and_its_fields(world: Any) -> None:
    """404, 403 and 422 before anything is started."""
    world.deal("1001")

    found = [
        world.post("/v1/deals/9/credit", CREDIT).status_code,
        world.post("/v1/deals/1001/credit", CREDIT, "olga").status_code,
        world.post("/v1/deals/1001/credit", {"amount": ""}).status_code,
    ]

    assert found == [404, 403, 422]
    assert world.gateway.started == []


def test_credit_is_sold_by_a_command(world: Any, by: Any) -> None:
    """Amounts as people write them."""
    world.gateway.results = Anything(ToppedUp(pool="top-up-1"))
    world.deal("1001")

    result = by(
        "sam", "usage", "top-up", "1001", "1,500.00", "-r", "PO-1", "--expires", "2026-12-31"
    )

    assert result.exit_code == 0, result.output
    assert "Credit top-up-1 is sold" in result.output
    (start,) = world.gateway.started
    assert (start.payload.amount, str(start.payload.expires_on)) == ("1500.00", "2026-12-31")


def test_a_deal_that_uses_nothing_shows_nothing(world: Any, by: Any) -> None:
    """As text and as JSON, on both pages."""
    world.deal("1001")

    shown = by("sam", "usage", "show", "1001")
    bill = by("sam", "usage", "projection", "1001")
    raw = by("sam", "usage", "projection", "1001", "--json")

    assert "charged for nothing by usage" in shown.output
    assert "charged for nothing by usage" in bill.output
    assert '"total_minor": 0' in raw.output
    assert by("sam", "usage", "show", "9").exit_code == 1
