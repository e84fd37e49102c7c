"""Every command against an API made of answers: what is sent, what is shown, how it ends."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from starter.cli.app import app, hoisted
from starter.cli.session import Session

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Api:
    """An API that answers by method and path, and remembers what it was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.asked.append(request)
        path = request.url.raw_path.decode().partition("?")[0]
        answer = self.answers.get(f"{request.method} {path}")
        if answer is None:
            content = {"title": "Not found.", "code": "not_found", "status": 404}
            return httpx.Response(404, json=content)
        if callable(answer):
            response: httpx.Response = answer(request)
            return response
        return httpx.Response(200, json=answer)

    @property
    def body(self) -> Any:
        """What was sent last."""
        return json.loads(self.asked[-1].content)

    @property
    def parameters(self) -> Mapping[str, str]:
        """The query parameters of the last question."""
        return dict(self.asked[-1].url.params)


def run(api: Api, *arguments: str, columns: int = 200, typed: str = "") -> Result:
    session = Session(transport=httpx.MockTransport(api), pause_seconds=0)
    environment = {"COLUMNS": str(columns), "Q2C_API_URL": "http://api.test", "Q2C_TOKEN": "told"}
    cleared = dict.fromkeys(("Q2C_AS", "Q2C_HOME"))
    return CliRunner().invoke(
        app, list(arguments), obj=session, env={**cleared, **environment}, input=typed
    )


def refusing(status: int, **content: object) -> Answer:
    return lambda _: httpx.Response(status, json={"status": status, **content})


_ACCEPTED = {"accepted": True, "text": "Approved; sent to the customer.", "reference": "Q-1"}

MESSAGES = [
    (["approve", "1001"], "approve", {}),
    (
        ["approve", "1001", "--step", "s1", "--reason", "ok"],
        "approve",
        {"step": "s1", "reason": "ok"},
    ),
    (["reject", "1001", "--reason", "too high"], "reject", {"reason": "too high"}),
    (
        ["accept", "1001", "--person", "b@a.example", "--po", "PO-7", "--token", "t"],
        "accept_quote",
        {"person": "b@a.example", "purchase_order": "PO-7", "token": "t"},
    ),
    (["decline", "1001", "--reason", "budget"], "decline_quote", {"reason": "budget"}),
    (["sign", "1001"], "contract_signed", {}),
    (
        ["sign", "1001", "--person", "b@a.example", "--token", "t"],
        "contract_signed",
        {"person": "b@a.example", "token": "t"},
    ),
    (["deliver", "1001"], "delivery_confirmed", {"event": "deliver"}),
    (
        ["deliver", "1001", "--line", "1", "--line", "2", "--event", "ship", "--on", "2026-02-03"],
        "delivery_confirmed",
        {"lines": ["1", "2"], "event": "ship", "delivered_on": "2026-02-03"},
    ),
    (
        ["cancel-line", "1001", "2", "--reason", "gone"],
        "cancel_line",
        {"line": "2", "reason": "gone"},
    ),
    (["renew", "1001"], "renew", {}),
    (["renew", "1001", "--decline", "--reason", "x"], "decline_renewal", {"reason": "x"}),
    (["cancel", "1001", "--reason", "closed"], "cancel", {"reason": "closed"}),
    (["deal", "retry", "1001"], "retry", {}),
    (["deal", "retry", "1001", "--item", "converge"], "retry", {"item": "converge"}),
    (
        ["deal", "resolve", "1001", "--item", "dunning", "--answer", "wait", "--reason", "Friday"],
        "resolve",
        {"item": "dunning", "answer": "wait", "reason": "Friday"},
    ),
    (
        ["deal", "clock", "1001", "--until", "2027-03-01"],
        "advance_clock",
        {"until": "2027-03-01T00:00:00+00:00"},
    ),
]


@pytest.mark.parametrize(("arguments", "name", "body"), MESSAGES)
def test_each_command_sends_its_message(
    arguments: list[str], name: str, body: Mapping[str, Any]
) -> None:
    """One command, one message under its own name, with only what was written."""
    api = Api({f"POST /v1/deals/1001/messages/{name}": _ACCEPTED})

    result = run(api, *arguments)

    assert result.exit_code == 0, result.output
    assert api.body == body
    assert len(api.asked[-1].headers["Idempotency-Key"]) == 32
    assert "Approved; sent to the customer." in result.stdout
    assert "Q-1" in result.stdout


def test_a_refusal_ends_with_one_and_its_reason() -> None:
    """A refused decision changes nothing and says why."""
    refused = refusing(409, title="Refused.", detail="The quote has expired.", code="refused")
    api = Api({"POST /v1/deals/1001/messages/approve": refused})

    result = run(api, "approve", "1001")

    assert result.exit_code == 1
    assert "Error: Refused. The quote has expired." in result.stderr
    assert "Traceback" not in result.output


def test_an_answer_that_does_not_accept_is_a_refusal() -> None:
    """Whatever the status, `accepted: false` is no success."""
    api = Api({"POST /v1/deals/1/messages/approve": {"accepted": False, "text": "Too late."}})

    result = run(api, "approve", "1")

    assert result.exit_code == 1
    assert "Refused: Too late." in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["approve"],
        ["reject", "1001"],
        ["cancel", "1001"],
        ["deliver", "1001", "--event", "throw"],
        ["deliver", "1001", "--on", "yesterday"],
        ["cancel-line", "1001"],
        ["deal", "resolve", "1001", "--item", "dunning"],
        ["deal", "clock", "1001"],
        ["deal", "clock", "1001", "--until", "soon"],
        ["deal", "list", "--stage", "nowhere"],
        ["deal", "start"],
        ["pay", "C-100", "10", "USD"],
        ["stock", "add", "US01", "SKU", "5"],
        ["policy", "publish", "weather", "f.yaml"],
        ["document", "open", "novel", "1"],
        ["simulate", "deal.yaml"],
        ["worker", "--role", "king"],
        ["nonsense"],
        ["--nonsense"],
        ["deal"],
    ],
)
def test_wrong_usage_ends_with_two_and_asks_nobody(arguments: list[str]) -> None:
    """Usage errors are found before anything is sent."""
    api = Api()

    result = run(api, *arguments)

    assert result.exit_code == 2
    assert api.asked == []
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("amount", "currency", "field"),
    [
        ("ten", "USD", "AMOUNT"),
        ("-5", "USD", "AMOUNT"),
        ("0", "USD", "AMOUNT"),
        ("1.250,00", "USD", "AMOUNT"),
        ("1250,00", "USD", "AMOUNT"),
        ("NaN", "USD", "AMOUNT"),
        ("Infinity", "USD", "AMOUNT"),
        ("10", "DOLLAR", "CURRENCY"),
    ],
)
def test_a_payment_that_cannot_be_read_is_not_sent(amount: str, currency: str, field: str) -> None:
    """A guess about an amount would be money in the wrong place."""
    api = Api()

    result = run(api, "pay", "--reference", "R", "--", "C-100", amount, currency)

    assert result.exit_code == 2
    assert field in result.stderr
    assert api.asked == []


def test_a_negative_amount_is_an_amount_and_not_an_option() -> None:
    """`No such option: -5` would send a person looking for an option."""
    api = Api()

    result = run(api, "pay", "C-100", "-5", "USD", "--reference", "-7")
    unknown = run(api, "pay", "C-100", "5", "USD", "-x", "R")

    assert result.exit_code == 2
    assert "AMOUNT  -5 is no amount above 0" in result.stderr
    assert "write what was received, such as 1250.00" in result.stderr
    assert "No such option" in unknown.output
    assert api.asked == []


def test_a_reference_that_looks_like_an_amount_stays_as_it_is() -> None:
    """The bank's references are taken to the letter."""
    api = Api({"POST /v1/payments": {"payment": "P-1"}})

    run(api, "pay", "C-100", "5", "USD", "--reference", "-7.5")

    assert api.body["reference"] == "-7.5"


def test_the_help_of_a_payment_tells_the_order_in_which_it_settles() -> None:
    """Semantics 8: what was named, what fits exactly, then the oldest."""
    told = " ".join(run(Api(), "pay", "--help", columns=400).stdout.split())
    order = ["named invoices first", "exactly that amount", "exactly that sum", "oldest due"]

    places = [told.index(each) for each in order]
    assert places == sorted(places)


def test_trials_are_marked_in_every_listing() -> None:
    """A deal on a test clock looks like money otherwise."""
    deals = [{"number": "1001", "test_clock": True}, {"number": "1002", "test_clock": False}]
    owed = [{"invoice": "I-1", "test_clock": True, "currency": "USD", "open_minor": 1}]
    aging = [{"currency": "USD", "total_minor": 5}]
    api = Api(
        {
            "GET /v1/deals": {"items": deals},
            "GET /v1/books/receivables": {"items": owed, "aging": aging, "as_of": "2026-05-01"},
        }
    )

    listed = run(api, "deal", "list").stdout.splitlines()
    receivables = run(api, "books", "receivables").stdout
    trials = run(api, "books", "receivables", "--test-clock").stdout

    assert "Test clock" in listed[0]
    assert [("yes" in line) for line in listed if "100" in line] == [True, False]
    assert "yes" in receivables
    assert "By age on 2026-05-01, without test clocks" in receivables
    assert "without test clocks" not in trials


def test_a_payment_says_where_the_money_went() -> None:
    """Amounts are shown as `1,234.50 USD`; commas may group thousands."""
    recorded = {"payment": "P-1", "applied_minor": 123450, "unapplied_minor": 50, "deals": ["1001"]}
    api = Api({"POST /v1/payments": recorded})

    result = run(api, "pay", "C-100", "1,235.00", "usd", "-r", "B-1", "--invoice", "I-1")

    assert result.exit_code == 0, result.output
    assert api.body == {
        "provider": "bank",
        "reference": "B-1",
        "customer": "C-100",
        "amount": "1235.00",
        "currency": "USD",
        "invoices": ["I-1"],
        "deal": "",
    }
    assert "Payment P-1 is recorded." in result.stdout
    assert "1,234.50 USD" in result.stdout
    assert "0.50 USD" in result.stdout


_DEAL = {
    "number": "1001",
    "customer": "C-100",
    "stage": "live",
    "currency": "USD",
    "total_minor": 123450,
    "balance_minor": 0,
    "next_action": "converge",
    "next_action_at": "2026-02-28T00:00:00+00:00",
    "on_hold": "",
}


def test_deals_are_listed_in_columns() -> None:
    """A table where it fits: money with its currency, moments to the minute, no empty column."""
    api = Api({"GET /v1/deals": {"items": [_DEAL], "next": None}})

    result = run(api, "deal", "list", "--stage", "live", "--customer", "C-100", "--on-hold")

    heading, row = result.stdout.splitlines()
    assert heading.split() == ["Deal", "Customer", "Stage", "Total", "Open", "Next", "On", "(UTC)"]
    assert row.split("  ")[0] == "1001"
    assert "1,234.50 USD" in row
    assert "0.00 USD" in row
    assert "2026-02-28 00:00" in row
    assert api.parameters == {"stage": "live", "customer": "C-100", "on_hold": "true"}


def test_a_narrow_terminal_gets_cards() -> None:
    """An approver on a phone reads one card below the other, nothing cut off."""
    api = Api({"GET /v1/deals": {"items": [_DEAL], "next": None}})

    result = run(api, "deal", "list", columns=40)

    assert all(len(line) <= 40 for line in result.stdout.splitlines())
    assert result.stdout.splitlines()[0] == "1001"
    assert "  Total     1,234.50 USD" in result.stdout
    assert "2026-02-28 00:00" in result.stdout


def test_long_text_breaks_before_the_table_becomes_cards() -> None:
    """On an ordinary terminal a timeline stays a table, its long detail in several lines."""
    entry = {"at": "2026-01-31T09:30:00Z", "actor": "sam", "what": "signed", "detail": "word " * 30}
    api = Api({"GET /v1/deals/1001/timeline": {"items": [entry]}})

    result = run(api, "deal", "timeline", "1001", columns=80)

    lines = result.stdout.splitlines()
    assert lines[0].split() == ["When", "Who", "What", "Detail"]
    assert lines[1].startswith("2026-01-31 09:30  sam  signed  word word")
    assert lines[2].startswith(" " * 31 + "word")
    assert all(len(line) <= 80 for line in lines)


LISTINGS = [
    (["inbox"], "/v1/inbox", {"deal": "1001", "command": "q2c approve 1001"}),
    (["tasks", "--department", "it"], "/v1/tasks", {"number": "W-1", "department": "it"}),
    (["deal", "list"], "/v1/deals", _DEAL),
    (["deal", "timeline", "1001"], "/v1/deals/1001/timeline", {"what": "signed"}),
    (["deal", "hold", "1001"], "/v1/deals/1001/holds", {"key": "dunning", "reason": "why"}),
    (["entity", "list"], "/v1/entities", {"key": "US01", "content": {"number": "US01"}}),
    (["customer", "list"], "/v1/customers", {"key": "C-1", "content": {"number": "C-1"}}),
    (["person", "list"], "/v1/register/person", {"key": "sam", "content": {"id": "sam"}}),
    (["document", "list"], "/v1/documents", {"kind": "invoice", "number": "I-1"}),
]


def test_an_agenda_says_what_comes_in_words_with_the_invoices_to_come() -> None:
    """The next action alone hides the next invoice; both have their day, in the deal's own zone."""
    agenda = {
        "items": [
            {"key": "converge", "what": "bill and recognize", "due_at": "2026-02-01T00:00:00-08:00"}
        ],
        "invoices": [{"bill_on": "2026-02-01", "amount_minor": 100_00, "currency": "USD"}],
        "time_zone": "America/Los_Angeles",
    }
    api = Api({"GET /v1/deals/1001/agenda": agenda})

    shown = run(api, "deal", "agenda", "1001").stdout
    written = json.loads(run(api, "deal", "agenda", "1001", "--json").stdout)

    assert "2026-02-01 00:00  bill and recognize" in shown
    assert "100.00 USD" in shown
    assert "Times are of America/Los_Angeles." in shown
    assert written == agenda


@pytest.mark.parametrize(("arguments", "path", "row"), LISTINGS)
def test_every_listing_speaks_json(arguments: list[str], path: str, row: Mapping[str, Any]) -> None:
    """A program reads the same listing as a person, complete and unwrapped."""
    api = Api({f"GET {path}": {"items": [row], "next": None}})

    result = run(api, *arguments, "--json", columns=30)

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == [row]


@pytest.mark.parametrize(("arguments", "path", "row"), LISTINGS)
def test_every_listing_shows_its_rows_and_says_when_there_are_none(
    arguments: list[str], path: str, row: Mapping[str, Any]
) -> None:
    """An empty listing is a sentence, not an empty screen."""
    full = run(Api({f"GET {path}": {"items": [row], "next": None}}), *arguments)
    empty = run(Api({f"GET {path}": {"items": [], "next": None}}), *arguments)

    assert str(next(iter(row.values()))) in full.stdout
    assert empty.exit_code == 0
    assert empty.stdout.strip().endswith((".", "new", "FILE"))


def test_a_hold_comes_with_the_command_that_settles_it() -> None:
    """A question is resolved by one of its answers, a failure is tried again."""
    rows = [
        {"key": "dunning", "reason": "Last letter is out.", "answers": ["hand over", "wait"]},
        {"key": "converge", "reason": "The gateway is down.", "answers": []},
    ]
    api = Api({"GET /v1/deals/1001/holds": {"items": rows}})

    result = run(api, "deal", "hold", "1001")

    settled = "q2c deal resolve 1001 --item dunning --answer 'hand over|wait'"
    assert settled in result.stdout
    assert "q2c deal retry 1001 --item converge" in result.stdout


def test_a_deal_is_shown_on_one_page() -> None:
    """Where it is, who has to act, what is delivered, billed and open."""
    detail = {
        "deal": {**_DEAL, "on_hold": "dunning: Last letter is out."},
        "quote": {"number": "Q-1001-1"},
        "approvals": [
            {"steps": [{"key": "s1", "title": "Manager", "approver": "ann", "status": "approved"}]}
        ],
        "order": [{"reference": "1", "name": "CRM", "quantity": "25", "status": "provisioned"}],
        "invoices": [
            {"number": "I-1", "currency": "USD", "gross_minor": 11900, "balance_minor": 11900}
        ],
        "figures": {"currency": "USD", "billed_minor": 10000, "revenue_minor": 0},
        "documents": [{"number": "I-1"}],
    }
    api = Api({"GET /v1/deals/1001": detail})

    result = run(api, "deal", "show", "1001")

    assert "Deal 1001: live" in result.stdout
    for shown in ("Q-1001-1", "ann", "provisioned", "119.00 USD", "100.00 USD"):
        assert shown in result.stdout
    assert "q2c deal hold 1001" in result.stdout
    assert "Revenue" not in result.stdout
    assert "\n1 document: q2c document list --deal 1001" in result.stdout


def test_the_journal_shows_each_posting_once_under_its_entry() -> None:
    """Date and text stand at the first posting of an entry; the other side is empty."""
    entry = {
        "key": "invoice:I-1",
        "booked_on": "2026-01-31",
        "text": "Invoice I-1",
        "deal": "1001",
        "currency": "USD",
    }
    items = [
        {**entry, "account": "receivable", "debit_minor": 11900, "credit_minor": None},
        {**entry, "account": "deferred", "debit_minor": None, "credit_minor": 11900},
    ]
    api = Api({"GET /v1/books/journal": {"items": items, "next": None}})

    result = run(api, "books", "journal", "--deal", "1001", "--since", "2026-01-01")

    _, first, second = result.stdout.splitlines()
    assert first.split()[:2] == ["2026-01-31", "receivable"]
    assert second.split() == ["deferred", "119.00", "USD"]
    assert api.parameters == {"deal": "1001", "from": "2026-01-01"}


def test_a_trial_balance_that_does_not_balance_ends_with_one() -> None:
    """A script that watches the books must not overlook it."""
    item = {"account": "cash", "currency": "USD", "debit_minor": 100, "credit_minor": 0}
    total = {"currency": "USD", "debit_minor": 100, "credit_minor": 0, "balanced": False}
    content = {"balanced": False, "items": [item], "totals": [total]}
    api = Api({"GET /v1/books/trial-balance": content})

    result = run(api, "books", "trial-balance")

    assert result.exit_code == 1
    assert "do not balance" in result.stderr
    assert "1.00 USD" in result.stdout


def test_receivables_show_how_late_the_money_is() -> None:
    """What is not yet due shows no days; the ages are summed by currency."""
    late = {"invoice": "I-1", "currency": "USD", "open_minor": 11900, "days_late": 12}
    early = {"invoice": "I-2", "currency": "USD", "open_minor": 100, "days_late": -3}
    aging = {"currency": "USD", "current_minor": 100, "days_1_to_30_minor": 11900}
    content = {"as_of": "2026-02-28", "items": [late, early], "aging": [aging]}
    api = Api({"GET /v1/books/receivables": content})

    result = run(api, "books", "receivables", "--as-of", "2026-02-28", "--real")

    assert "By age on 2026-02-28" in result.stdout
    assert result.stdout.splitlines()[1].split()[:2] == ["I-1", "12"]
    assert result.stdout.splitlines()[2].split()[:2] == ["I-2", "1.00"]
    assert api.parameters == {"as_of": "2026-02-28", "test_clock": "false"}


@pytest.mark.parametrize(("status", "code"), [(401, 4), (403, 4), (404, 1), (422, 2), (503, 3)])
def test_the_exit_code_of_a_failure_tells_its_kind(status: int, code: int) -> None:
    """Documented: 1 failed, 2 bad input, 3 not reachable, 4 not allowed."""
    api = Api({"GET /v1/inbox": refusing(status, title="No.", detail="Because.")})

    result = run(api, "inbox")

    assert result.exit_code == code
    assert result.stderr.startswith("Error: No. Because.")
    assert result.stdout == ""


def test_a_problem_is_shown_as_field_reason_and_remedy() -> None:
    """One clear block, every problem in it, also on a narrow terminal."""
    problem = {"field": "postal_code", "reason": "is not text", "remedy": "put it in quotes"}
    api = Api({"GET /v1/inbox": refusing(422, title="Two problems.", problems=[problem, problem])})

    result = run(api, "inbox", columns=40)

    assert result.stderr.splitlines() == [
        "Error: Two problems.",
        "  postal_code  is not text",
        "    -> put it in quotes",
        "  postal_code  is not text",
        "    -> put it in quotes",
    ]


def test_somebody_elses_text_cannot_steer_the_terminal() -> None:
    """A customer's name is data: neither an escape sequence nor markup."""
    row = {"key": "C-1", "content": {"number": "C-1", "legal_name": "\x1b[2J[red]Evil[/red]"}}
    api = Api({"GET /v1/customers": {"items": [row]}})

    result = run(api, "customer", "list")

    assert "\x1b" not in result.stdout
    assert "[red]Evil[/red]" in result.stdout


def test_a_deal_that_failed_at_its_start_shows_its_problems() -> None:
    """Nothing of it is on record but why it failed."""
    problem = {"field": "currency", "reason": "has no price book", "remedy": "use USD"}
    api = Api({"GET /v1/deals/7": {"number": "7", "stage": "failed", "problems": [problem]}})

    result = run(api, "deal", "show", "7")

    assert result.stdout.splitlines() == [
        "Deal 7: failed",
        "  currency  has no price book",
        "    -> use USD",
    ]


def test_an_unforeseen_error_is_told_without_a_traceback() -> None:
    """A bug is one sentence; `--debug` shows where it is."""
    api = Api({"GET /v1/deals/1": ["not", "a", "deal"]})

    plain = run(api, "deal", "show", "1")
    debug = run(api, "deal", "show", "1", "--debug")

    assert plain.exit_code == 1
    assert "Traceback" not in plain.output
    assert "--debug" in plain.stderr
    assert "Traceback" in debug.stderr


def test_the_documents_pdf_is_saved_and_never_replaces_a_file_unasked(tmp_path: Path) -> None:
    """A paper once saved may have been sent already."""
    api = Api({"GET /v1/documents/invoice/I-1.pdf": lambda _: httpx.Response(200, content=b"%PDF")})
    file = tmp_path / "a.pdf"

    first = run(api, "document", "open", "invoice", "I-1", "--out", str(file))
    second = run(api, "document", "open", "invoice", "I-1", "--out", str(file))
    third = run(api, "document", "open", "invoice", "I-1", "--out", str(tmp_path))

    assert first.exit_code == 0, first.output
    assert file.read_bytes() == b"%PDF"
    assert second.exit_code == 2
    assert third.exit_code == 0
    assert (tmp_path / "invoice-I-1.pdf").read_bytes() == b"%PDF"


def test_stock_tells_the_deals_that_waited() -> None:
    """Back-ordered deals go on with the goods."""
    api = Api({"POST /v1/stock": {"repeated": False, "deals": ["1001", "1002"]}})

    result = run(api, "stock", "add", "US01", "SCANNER", "50", "--reference", "DN-1")

    assert "1001, 1002" in result.stdout
    assert api.body["quantity"] == "50"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["approve", "1", "--as", "ann"], ["--as", "ann", "approve", "1"]),
        (["approve", "1", "--as=ann", "--debug"], ["--as=ann", "--debug", "approve", "1"]),
        (["inbox", "--token", "t"], ["--token", "t", "inbox"]),
        (["sign", "1", "--token", "t"], ["sign", "1", "--token", "t"]),
        (["pay", "--", "C", "--as", "x"], ["pay", "--", "C", "--as", "x"]),
        (["inbox", "--as"], ["--as", "inbox"]),
    ],
)
def test_root_options_may_stand_behind_the_command(written: list[str], read: list[str]) -> None:
    """A seller in a hurry adds `--as` at the end."""
    assert hoisted(written) == read


class TestWhoAsks:
    """Whose token is used, and what is said when it is nobody's."""

    def run(self, home: Path, api: Api, *arguments: str, **environment: str) -> Result:
        """Run a command on a data folder, with these variables and no others of ours."""
        session = Session(transport=httpx.MockTransport(api), pause_seconds=0)
        names = ("Q2C_AS", "Q2C_TOKEN", "Q2C_API_URL")
        cleared: dict[str, str | None] = dict.fromkeys(names)
        place = {"Q2C_HOME": str(home), "COLUMNS": "200"}
        return CliRunner().invoke(
            app, list(arguments), obj=session, env={**cleared, **place, **environment}
        )

    def home(self, folder: Path) -> Path:
        """Return a data folder that knows two people."""
        (folder / "tokens.json").write_text(json.dumps({"ann": "token-a", "sam": "token-s"}))
        return folder

    def test_a_person_of_the_data_folder_asks_with_their_token(self, tmp_path: Path) -> None:
        """The embedded stack knows its people; `--as` counts more than a token around."""
        api = Api({"GET /v1/inbox": {"items": []}})

        result = self.run(self.home(tmp_path), api, "inbox", "--as", "ann", Q2C_TOKEN="other")

        assert result.exit_code == 0, result.output
        assert api.asked[0].headers["Authorization"] == "Bearer token-a"

    def test_a_written_token_counts_more_than_a_person_around(self, tmp_path: Path) -> None:
        """What stands on the command line is what is meant."""
        api = Api({"GET /v1/inbox": {"items": []}})

        self.run(self.home(tmp_path), api, "--token", "mine", "inbox", Q2C_AS="ann")

        assert api.asked[0].headers["Authorization"] == "Bearer mine"

    def test_nobody_is_told_who_there_is(self, tmp_path: Path) -> None:
        """Exit code 4 and the names to choose from."""
        result = self.run(self.home(tmp_path), Api(), "inbox")

        assert result.exit_code == 4
        assert "ann, sam" in result.stderr

    def test_an_unknown_person_is_told_who_there_is(self, tmp_path: Path) -> None:
        """A slip of the pen is corrected from the list."""
        result = self.run(self.home(tmp_path), Api(), "--as", "amm", "inbox")

        assert result.exit_code == 4
        assert "use one of ann, sam" in result.stderr

    def test_a_newcomer_is_told_to_start_the_stack(self, tmp_path: Path) -> None:
        """With no stack and no people, the first step is `q2c up`."""
        result = self.run(tmp_path, Api(), "inbox")

        assert result.exit_code == 3
        assert "q2c up" in result.stderr

    def test_a_broken_token_file_is_no_traceback(self, tmp_path: Path) -> None:
        """The file is named, and the way around it."""
        (tmp_path / "tokens.json").write_text("{")

        result = self.run(tmp_path, Api(), "--as", "ann", "inbox")

        assert result.exit_code == 1
        assert "tokens.json" in result.stderr
        assert "Traceback" not in result.output

    def test_a_misspelled_setting_is_bad_input(self, tmp_path: Path) -> None:
        """Settings that are almost right would be ignored in silence."""
        result = self.run(tmp_path, Api(), "--as", "ann", "inbox", Q2C_BOOK_URL="x")

        assert result.exit_code == 2
        assert "Q2C_BOOKS_URL" in result.stderr

    def test_the_variables_of_the_command_line_are_no_misspelled_settings(
        self, tmp_path: Path
    ) -> None:
        """`Q2C_AS`, `Q2C_TOKEN` and `Q2C_API_URL` belong to the command line alone."""
        api = Api({"GET /v1/inbox": {"items": []}})
        home = self.home(tmp_path)

        result = self.run(home, api, "inbox", Q2C_AS="sam", Q2C_API_URL="http://api.test")

        assert result.exit_code == 0, result.output
        assert api.asked[0].headers["Authorization"] == "Bearer token-s"
        assert str(api.asked[0].url) == "http://api.test/v1/inbox"
