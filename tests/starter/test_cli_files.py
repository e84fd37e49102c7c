"""Files: deal files, one or many, imports by row, and making a deal file by questions."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.testing import CliRunner, Result

from models.errors import InvalidInputError
from starter.cli.app import app
from starter.cli.deal_files import Entry, keys_of
from starter.cli.files import read_document, read_documents, read_rows
from starter.cli.session import Session

Handler = Callable[[httpx.Request], httpx.Response]


def run(handler: Handler, *arguments: str, typed: str = "", columns: str = "200") -> Result:
    session = Session(transport=httpx.MockTransport(handler), pause_seconds=0)
    environment: dict[str, str | None] = {
        "COLUMNS": columns,
        "Q2C_API_URL": "http://api.test",
        "Q2C_TOKEN": "told",
        "Q2C_AS": None,
        "Q2C_HOME": None,
    }
    return CliRunner().invoke(app, list(arguments), obj=session, env=environment, input=typed)


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def silent(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"asked {request.url}")


class Starts:
    """An API that starts every deal but those whose number is bad; it is asked by many threads."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.keys: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        body = json.loads(request.content)
        with self._lock:
            self.bodies.append(body)
            self.keys.append(request.headers["Idempotency-Key"])
        if isinstance(body, dict) and str(body.get("number", "")).startswith("bad"):
            problems = [
                {"field": "currency", "reason": "is missing", "remedy": "give an ISO 4217 code"},
                {"field": "lines", "reason": "are missing", "remedy": "list a product"},
            ]
            content = {"title": "The input cannot be used", "problems": problems}
            return httpx.Response(422, json=content)
        number = body.get("number") or "D-000001"
        started: Any = {"number": number, "stage": "approve", "web_ui": "http://ui", "is_new": True}
        return httpx.Response(201, json=started)


def test_one_file_starts_one_deal(tmp_path: Path) -> None:
    """The answer says where the deal is and where to watch it."""
    file = written(tmp_path, "a.yaml", 'number: "1001"\ncustomer: C-1\n')

    result = run(Starts(), "deal", "start", file)

    assert result.exit_code == 0, result.output
    assert "1001: started." in result.stdout
    assert "approve" in result.stdout
    assert "http://ui" in result.stdout


def test_what_is_wrong_in_one_file_does_not_stop_the_others(tmp_path: Path) -> None:
    """Thirty files, one bad, one unreadable, one absent: the rest is started, the end is 1."""
    files = [written(tmp_path, f"{n}.yaml", f'number: "{n}"\n') for n in range(1001, 1031)]
    files.insert(3, written(tmp_path, "bad.yaml", "number: bad-1\n"))
    files.insert(9, written(tmp_path, "broken.yaml", "number: [1\n"))
    files.append(str(tmp_path / "absent.yaml"))
    api = Starts()

    result = run(api, "deal", "start", *files)

    assert result.exit_code == 1
    assert len(api.bodies) == 31
    assert result.stdout.count(": started.") == 30
    assert "bad-1" in result.stdout
    assert "give an ISO 4217 code" in result.stdout
    assert "list a product" in result.stdout
    assert "broken.yaml" in result.stdout
    assert "absent.yaml" in result.stdout
    assert "30 of 33 deals are fine, 3 failed." in result.stdout


def test_results_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    """Several are asked at once; a person reads them as they were given."""
    numbers = [str(number) for number in range(1001, 1041)]
    files = [written(tmp_path, f"{n}.yaml", f'number: "{n}"\n') for n in numbers]

    result = run(Starts(), "deal", "start", *files, "--json")

    assert [each["number"] for each in json.loads(result.stdout)] == numbers


def test_a_file_may_hold_several_deals(tmp_path: Path) -> None:
    """As documents or as a list; each is named by its place."""
    several = written(tmp_path, "a.yaml", 'number: "1"\n---\nnumber: "2"\n---\n- number: bad-3\n')

    result = run(Starts(), "deal", "start", several, "--json")

    listed = json.loads(result.stdout)
    assert [each["file"] for each in listed] == [f"{several} #{n}" for n in (1, 2, 3)]
    assert [each["ok"] for each in listed] == [True, True, False]
    assert listed[2]["problems"][0]["field"] == "currency"


def test_a_deal_started_before_says_so(tmp_path: Path) -> None:
    """Starting twice is one deal."""
    file = written(tmp_path, "a.yaml", 'number: "1001"\n')

    def again(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"number": "1001", "is_new": False})

    result = run(again, "deal", "start", file)

    assert result.exit_code == 0
    assert "1001: was started before." in result.stdout


def test_the_same_file_without_a_number_has_the_same_key_each_time() -> None:
    """The number is given out by the key, so a second start finds the first deal."""
    entry = Entry("a.yaml", {"customer": "C-1"})

    assert keys_of([entry]) == keys_of([entry])
    assert keys_of([entry]) != keys_of([Entry("a.yaml", {"customer": "C-2"})])


def test_equal_deals_of_one_run_are_different_deals() -> None:
    """Who writes a deal down twice means two."""
    entry = Entry("a.yaml", {"customer": "C-1"})

    assert len(set(keys_of([entry, entry, entry]))) == 3
    assert keys_of([entry, entry], "mine") == ["mine", "mine-1"]


@pytest.mark.parametrize(("status", "code"), [(503, 3), (401, 4), (403, 4), (409, 1), (422, 2)])
def test_all_failing_alike_tells_why(tmp_path: Path, status: int, code: int) -> None:
    """Unusable is 2, nothing reached 3 and not allowed 4; any other failure is 1."""
    files = [written(tmp_path, f"{n}.yaml", f"number: a{n}\n") for n in range(2)]

    result = run(lambda _: httpx.Response(status, json={"title": "No"}), "deal", "check", *files)

    assert result.exit_code == code


@pytest.mark.parametrize("command", ["check", "start"])
@pytest.mark.parametrize("text", ["number: bad-1\n", "number: [1\n", "", None])
def test_one_file_that_cannot_be_used_ends_with_2(
    tmp_path: Path, command: str, text: str | None
) -> None:
    """Scripts tell by it what to correct: refused, not to be read, empty or absent."""
    file = str(tmp_path / "absent.yaml") if text is None else written(tmp_path, "a.yaml", text)

    assert run(Starts(), "deal", command, file).exit_code == 2
    assert run(Starts(), "deal", command, file, "--json").exit_code == 2


def test_one_usable_file_among_others_ends_with_1(tmp_path: Path) -> None:
    """Something was done, something has to be corrected."""
    good = written(tmp_path, "good.yaml", "number: '1'\n")
    bad = written(tmp_path, "bad.yaml", "number: bad-1\n")

    assert run(Starts(), "deal", "start", good, bad).exit_code == 1


def test_a_checked_deal_is_shown_as_it_was_understood(tmp_path: Path) -> None:
    """What was left out shows with its default."""
    file = written(tmp_path, "a.yaml", "customer: C-1\n")
    understood = {
        "customer": "C-1",
        "term_months": 12,
        "lines": [{"product": "CRM", "quantity": 5}],
    }

    result = run(lambda _: httpx.Response(200, json={"file": understood}), "deal", "check", file)

    assert result.exit_code == 0
    assert "in order." in result.stdout
    assert "5 x CRM" in result.stdout


def test_what_each_alternative_comes_to_is_shown_below_the_check(tmp_path: Path) -> None:
    """Beside the total of the primary, under the label the customer will read."""
    file = written(tmp_path, "a.yaml", "customer: C-1\n")
    answer = {"file": {}, "alternatives": [{"label": "big", "total": "1200.00 USD"}]}

    result = run(lambda _: httpx.Response(200, json=answer), "deal", "check", file)

    assert result.exit_code == 0
    assert "Or big  1200.00 USD" in " ".join(result.stdout.split("\n"))


def test_what_a_seller_should_know_is_shown_below_the_check(tmp_path: Path) -> None:
    """The file is in order all the same."""
    file = written(tmp_path, "a.yaml", "customer: C-1\n")
    warning = {
        "field": "lines[0].quantity",
        "reason": "11 of CRM cost 12.00 USD less than 10",
        "remedy": "offer 11",
    }
    answer = {"file": {"customer": "C-1"}, "warnings": [warning]}

    result = run(lambda _: httpx.Response(200, json=answer), "deal", "check", file)

    assert result.exit_code == 0
    assert "lines[0].quantity  11 of CRM cost 12.00 USD less than 10" in result.stdout
    assert "-> offer 11" in result.stdout


def test_numbers_and_dates_are_sent_as_written(tmp_path: Path) -> None:
    """A binary fraction would change a price, `NO` is Norway and 007 a number of a deal."""
    text = "number: 007\nunit_price: 0.10\nstarts_on: 2026-01-31\ncountry: NO\nauto: true\nx: 12\n"
    file = written(tmp_path, "a.yaml", text)

    document = read_document(Path(file))

    assert document == {
        "number": "007",
        "unit_price": "0.10",
        "starts_on": "2026-01-31",
        "country": "NO",
        "auto": True,
        "x": 12,
    }


def test_json_is_read_too(tmp_path: Path) -> None:
    """JSON is YAML; a number with a point stays exact."""
    file = written(tmp_path, "a.json", '[{"a": 0.1, "b": null, "c": "1"}]')

    assert read_documents(Path(file)) == [{"a": "0.1", "b": None, "c": "1"}]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("a: [1", "line 1"),
        ("a: 1\na: 2\n", "a is there twice"),
        ("a: !!python/object:os.system {}\n", "line 1"),
        ("\tx: 1", "line 1"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, text: str, reason: str) -> None:
    """The place in the file is what a person needs."""
    file = written(tmp_path, "a.yaml", text)

    with pytest.raises(InvalidInputError) as caught:
        read_documents(Path(file))

    assert reason in caught.value.problems[0].reason
    assert caught.value.problems[0].field == file


def test_a_folder_and_a_binary_file_are_told_plainly(tmp_path: Path) -> None:
    """Neither is a traceback."""
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")

    folder = run(silent, "entity", "add", str(tmp_path))
    binary = run(silent, "entity", "add", str(tmp_path / "b.yaml"))

    assert folder.exit_code == 2
    assert "cannot be read" in folder.stderr
    assert binary.exit_code == 2
    assert "UTF-8" in binary.stderr


def test_the_template_is_a_deal_file(tmp_path: Path) -> None:
    """What `deal template` prints can be checked as it is."""
    from models.deal_file import parse_deal_file  # noqa: PLC0415

    printed = run(silent, "deal", "template").stdout
    document = read_document(Path(written(tmp_path, "t.yaml", printed)))

    parse_deal_file({**document, "number": "1001", "seller": "sam"})


_CUSTOMERS = """\
number,legal_name,bill_to.line1,bill_to.city,bill_to.country,bill_to.postal_code,payment_terms_days,contacts[0].name,contacts[0].email
C-1,Acme Inc.,1 Main Street,Berlin,DE,01067,30,Bea,bea@acme.example
C-2,"Beta, Ltd.",2 Main Street,London,GB,,,,
"""


class Records:
    """An API that records everything."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.bodies.append(json.loads(request.content))
        key = self.bodies[-1].get("number", "house")
        return httpx.Response(201, json={"kind": "x", "key": key, "revision": 1})


def test_customers_are_imported_from_a_table(tmp_path: Path) -> None:
    """Headings are paths; whole numbers become numbers where they are, zip codes stay text."""
    api = Records()

    result = run(api, "customer", "import", written(tmp_path, "c.csv", _CUSTOMERS))

    assert result.exit_code == 0, result.output
    assert api.bodies[0] == {
        "number": "C-1",
        "legal_name": "Acme Inc.",
        "bill_to": {
            "line1": "1 Main Street",
            "city": "Berlin",
            "country": "DE",
            "postal_code": "01067",
        },
        "payment_terms_days": 30,
        "contacts": [{"name": "Bea", "email": "bea@acme.example"}],
    }
    assert api.bodies[1]["legal_name"] == "Beta, Ltd."
    assert "payment_terms_days" not in api.bodies[1]
    assert "Recorded 2." in result.stdout


def test_one_wrong_row_keeps_all_from_being_recorded(tmp_path: Path) -> None:
    """All or nothing, and every problem by its row, as a spreadsheet counts."""
    text = _CUSTOMERS.replace("London,GB", "London,XX").replace("bea@acme.example", "bea")

    result = run(silent, "customer", "import", written(tmp_path, "c.csv", text))

    assert result.exit_code == 2
    assert "Nothing was recorded" in result.stderr
    assert "row 2 contacts[0].email" in result.stderr
    assert "row 3 bill_to.country" in result.stderr


def test_a_number_that_is_there_twice_is_a_problem(tmp_path: Path) -> None:
    """Only the later row would count."""
    text = _CUSTOMERS.replace("C-2,", "C-1,")

    result = run(silent, "customer", "import", written(tmp_path, "c.csv", text))

    assert result.exit_code == 2
    assert "C-1 is in row 2 already" in result.stderr


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no rows"),
        ("number,number\nA,B\n", "has the column number twice"),
        ("number,a[x]\nA,B\n", "has a column that is no field: a[x]"),
        ("number,name\nA,B,C\n", "row 2 has 3 cells under 2 headings"),
        ('number\n"A\n', "unexpected end of data"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(tmp_path: Path, text: str, reason: str) -> None:
    """A slip in a spreadsheet is found by its row."""
    with pytest.raises(InvalidInputError) as caught:
        read_rows(Path(written(tmp_path, "c.csv", text)))

    assert reason in str(caught.value)


def test_spreadsheets_separate_by_semicolon_too(tmp_path: Path) -> None:
    """Half of Europe saves tables so, with a byte order mark in front."""
    file = tmp_path / "c.csv"
    file.write_text("number;name\nA;B, C\n", encoding="utf-8-sig")

    assert read_rows(file) == [("row 2", {"number": "A", "name": "B, C"})]


def test_an_import_broken_off_says_how_far_it_came(tmp_path: Path) -> None:
    """What was recorded stays; importing again counts nothing twice."""
    count: list[int] = []

    def second_fails(_: httpx.Request) -> httpx.Response:
        count.append(1)
        if len(count) == 2:
            return httpx.Response(503, json={"title": "Nobody is there to answer"})
        return httpx.Response(201, json={"revision": 1})

    result = run(second_fails, "customer", "import", written(tmp_path, "c.csv", _CUSTOMERS))

    assert result.exit_code == 3
    assert "row 3 was not recorded, 1 before it were" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["entity", "add"], "/v1/entities"),
        (["customer", "add"], "/v1/customers"),
        (["person", "add"], "/v1/register/person"),
        (["policy", "publish", "approval"], "/v1/register/approval_policy"),
        (["policy", "publish", "dunning"], "/v1/register/dunning_policy"),
        (["policy", "publish", "tax"], "/v1/register/tax_rules"),
    ],
)
def test_what_is_recorded_tells_its_revision(
    tmp_path: Path, arguments: list[str], path: str
) -> None:
    """Every change is a new revision; equal content is none."""
    asked: list[str] = []

    def record(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"key": "house", "revision": 3, "repeated": True})

    result = run(record, *arguments, written(tmp_path, "a.yaml", "name: x\n"))

    assert result.exit_code == 0, result.output
    assert asked == [path]
    assert "was on record already as revision 3" in result.stdout


@pytest.mark.parametrize("text", ["- {a: 1}\n- {b: 2}\n", "rules:\n  - {a: 1}\n  - {b: 2}\n"])
def test_tax_rules_are_sent_whole(tmp_path: Path, text: str) -> None:
    """They are a list, written plainly or under `rules`."""
    sent: list[Any] = []

    def record(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(201, json={"key": "house", "revision": 1})

    run(record, "policy", "publish", "tax", written(tmp_path, "t.yaml", text))

    rules = sent[0]["rules"] if isinstance(sent[0], dict) else sent[0]
    assert rules == [{"a": 1}, {"b": 2}]


_CATALOG: dict[str, Any] = {
    "products": [
        {"sku": "CRM", "name": "CRM", "components": []},
        {
            "sku": "SUITE",
            "name": "Suite",
            "components": [
                {"sku": "CRM", "required": True},
                {"sku": "SUPPORT", "required": False, "default": "0"},
            ],
        },
    ],
    "price_books": [
        {
            "name": "standard",
            "currency": "USD",
            "valid_from": "2026-01-01",
            "entries": [
                {"sku": "CRM", "charge": "seat", "unit": "40.00"},
                {"sku": "CRM", "charge": "api", "tiers": [{"up_to": "10", "unit": "2"}]},
            ],
        }
    ],
}


def register(request: httpx.Request) -> httpx.Response:
    entity = {"number": "US01", "legal_name": "Example Inc.", "currency": "USD"}
    customers = [
        {"number": "C-100", "legal_name": "Acme", "payment_terms_days": 45},
        {"number": "C-200", "legal_name": "Beta"},
    ]
    answers: dict[str, Any] = {
        "/v1/entities": {"items": [{"key": "US01", "content": entity}]},
        "/v1/customers": {"items": [{"content": each} for each in customers]},
        "/v1/catalog": _CATALOG,
        "/v1/deals/check": {"file": {"customer": "C-100"}},
    }
    return httpx.Response(200, json=answers[request.url.path])


_TYPED = [
    "c-1000",
    "c-100",
    "",
    "",
    "1001",
    "2026-01-31",
    "",
    "",
    "PO-1",
    "suite",
    "2",
    "1",
    "10%",
    "Volume",
    "crm",
    "ten",
    "25",
    "",
    "",
    "y",
    "60",
    "5",
]


def test_a_deal_file_is_made_by_questions(tmp_path: Path) -> None:
    """Defaults come from customer and entity; a wrong answer is asked again."""
    file = tmp_path / "deal.yaml"

    result = run(register, "deal", "new", "--out", str(file), typed="\n".join(_TYPED) + "\n")

    assert result.exit_code == 0, result.output
    assert yaml.safe_load(file.read_text()) == {
        "number": "1001",
        "entity": "US01",
        "customer": "C-100",
        "currency": "USD",
        "starts_on": "2026-01-31",
        "term_months": 12,
        "payment_terms_days": 45,
        "purchase_order": "PO-1",
        "lines": [
            {
                "product": "SUITE",
                "quantity": "2",
                "options": [{"product": "SUPPORT", "quantity": "1"}],
                "discount": {"percent": "10", "reason": "Volume"},
            },
            {"product": "CRM", "quantity": "25"},
        ],
        "renewal": {"auto_renew": True, "notice_days": 60, "uplift_percent": "5"},
    }
    assert "did you mean C-100?" in result.stdout
    assert "ten is no number" in result.stdout
    assert f"q2c deal start {file}" in result.stdout


def test_a_deal_file_with_problems_is_written_all_the_same(tmp_path: Path) -> None:
    """Twenty answers are not thrown away; the problems are shown and the end is 1."""
    file = tmp_path / "deal.yaml"

    def refuse(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/deals/check":
            problems = [{"field": "lines[0].options", "reason": "SUPPORT is no product"}]
            return httpx.Response(422, json={"title": "No", "problems": problems})
        return register(request)

    result = run(refuse, "deal", "new", "--out", str(file), typed="\n".join(_TYPED) + "\n")

    assert result.exit_code == 1
    assert file.exists()
    assert "SUPPORT is no product" in result.output


def test_an_empty_answer_is_asked_again_in_plain_words(tmp_path: Path) -> None:
    """`Nothing is not on the list` reads as if something were called Nothing."""
    typed = "\n".join(["", *_TYPED]) + "\n"

    result = run(register, "deal", "new", "--out", str(tmp_path / "a.yaml"), typed=typed)

    assert "Choose one from the list." in result.output
    assert "Nothing is not" not in result.output


@pytest.mark.parametrize(
    ("deals", "suggested"),
    [
        ({"customer": [("US01", "2026-01-01"), ("DE01", "2026-02-01")]}, "DE01"),
        ({"seller": [("US01", "2026-01-01")]}, "US01"),
        ({}, ""),
    ],
)
def test_who_sold_last_is_suggested(
    tmp_path: Path, deals: dict[str, list[tuple[str, str]]], suggested: str
) -> None:
    """To this customer, else by this seller; with several companies and no deal, nobody."""
    entities = [{"number": n, "legal_name": n, "currency": "USD"} for n in ("DE01", "US01")]

    def answer(request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        if request.url.path == "/v1/me":
            return httpx.Response(200, json={"id": "sam"})
        if request.url.path == "/v1/entities":
            return httpx.Response(200, json={"items": [{"content": each} for each in entities]})
        if request.url.path == "/v1/deals":
            found = deals.get("customer" if "customer" in asked else "seller", [])
            items = [{"entity": entity, "started_at": day} for entity, day in found]
            return httpx.Response(200, json={"items": items})
        return register(request)

    file = tmp_path / "deal.yaml"
    typed = _TYPED if suggested else [*_TYPED[:2], "us01", *_TYPED[3:]]
    result = run(answer, "deal", "new", "--out", str(file), typed="\n".join(typed) + "\n")

    assert yaml.safe_load(file.read_text())["entity"] == (suggested or "US01"), result.output
    assert (f"Selling entity [{suggested}]" in result.output) is bool(suggested)


def test_without_a_terminal_the_questions_end_without_a_traceback() -> None:
    """A script that forgot to answer is told it was aborted."""
    result = run(register, "deal", "new", typed="")

    assert result.exit_code == 1
    assert "Aborted" in result.output


def test_an_empty_register_says_what_to_record_first() -> None:
    """A newcomer learns the next command."""
    result = run(lambda _: httpx.Response(200, json={"items": [], "next": None}), "deal", "new")

    assert result.exit_code == 1
    assert "q2c customer add FILE" in result.stderr


def test_the_catalogue_is_shown_with_its_prices() -> None:
    """Tiers are prices too; what is empty is left out, so that a person can edit what is left."""
    shown = run(register, "catalog", "show").stdout
    as_yaml = run(register, "catalog", "show", "--yaml").stdout

    assert "40.00 USD" in shown
    assert "to 10: 2 USD" in shown
    written = yaml.safe_load(as_yaml)
    assert "components" not in written["products"][0]
    assert [one["sku"] for one in written["products"]] == ["CRM", "SUITE"]
    assert written["price_books"] == _CATALOG["price_books"]


def test_a_party_is_shown_ready_to_be_edited() -> None:
    """What `show` writes, `add` reads."""
    content = {"number": "C-1", "legal_name": "Ä GmbH"}

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"key": "C-1", "revision": 2, "content": content})

    result = run(answer, "customer", "show", "C-1")

    assert yaml.safe_load(result.stdout) == content
    assert "Ä GmbH" in result.stdout
