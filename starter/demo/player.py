"""Playing one deal of the demo: look where it is, do what is missing, look again.

Nothing is remembered between two steps, so a run that was killed is completed by the next one, and
a run that finds everything done changes nothing.
"""

from collections.abc import Awaitable, Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from models.deal import Stage
from models.money import Money, exponent
from starter.cli.files import read_document
from starter.demo.doors import Answer, DemoError, Doors, eventually
from starter.demo.mailbox import Request
from starter.demo.register import receive_stock
from starter.demo.stories import SAMPLES, Counter, Story

_SELLER = "sam"
_ENDED = (Stage.COMPLETED, Stage.LOST)
_EARLY = (Stage.CONFIGURE, Stage.PRICE, Stage.QUOTE)
_LIVE = (Stage.FULFILL, Stage.LIVE, Stage.CLOSING)
_ESCALATION = timedelta(hours=49)
_ONE_MONTH = timedelta(days=28)
_REFUSAL = "Too much is given away for a single year."

Tell = Callable[[str], None]
Deed = Callable[[], Awaitable[None]]


class Player:
    """Everybody around one deal. `tell` is told what happens now, in a few words."""

    def __init__(self, doors: Doors, story: Story, tell: Tell) -> None:
        self._doors = doors
        self._story = story
        self._tell = tell
        self._path = f"/v1/deals/{story.number}"

    async def play(self) -> bool:
        """Play the deal to its last day; return whether there was anything left to do.

        Raises `DemoError` naming the deal and what it waits for.
        """
        self._tell("starting")
        # No key: under one, the second demo would be told the first one's answer, "is new".
        started = await self._doors.post(_SELLER, "/v1/deals", read_document(self._story.file))
        changed = started.get("is_new") is True
        while (found := await self._settled()) and (deed := self._next_deed(found)) is not None:
            changed = True
            await deed()
        self._tell("already there" if not changed else _last_words(found))
        return changed

    async def _settled(self) -> Answer:
        """Return the deal once it waits for somebody or for time."""

        async def look() -> Answer | None:
            found = await self._doors.get(self._path)
            return None if found.get("stage") in {*_EARLY, "starting"} else found

        return await eventually(look, self._story.number, "its quote")

    def _next_deed(self, found: Answer) -> Deed | None:
        """Return the next thing that somebody has to do for a deal, or None when all is done."""
        stage = found["stage"]
        if stage in _ENDED:
            return None
        if stage == Stage.ACCEPT:
            return self._deed_of_customer(found)
        if stage == Stage.CONTRACT:
            return self._answering("contract_signed", found, "signs the order form")
        asked = [
            step for step in _active_steps(found) if step["approver"] not in self._ignored(step)
        ]
        if asked:
            return lambda: self._approve(found, asked[0])
        if stage == Stage.APPROVE:
            later = _clock(found) + _ESCALATION
            return lambda: self._advance(later, "nobody answers; the request is escalated")
        return self._deed_of_live_deal(found)

    def _deed_of_customer(self, found: Answer) -> Deed:
        counter = self._story.counter
        if counter is None:
            return self._answering("accept_quote", found, "accepts the quote")
        return lambda: self._negotiate(found, counter)

    def _ignored(self, step: Answer) -> tuple[str, ...]:
        return () if step.get("escalated_from") else self._story.silent

    def _deed_of_live_deal(self, found: Answer) -> Deed | None:
        now = _clock(found)
        states = {line["status"] for line in found["order"]}
        if states & {"reserved", "open", "shipped"}:
            moment = next((day for day in self._story.deliveries if day >= now), now)
            return lambda: self._at(found, moment, self._deliver)
        arrival = self._story.stock_arrives
        if "back_ordered" in states and arrival is not None:
            return lambda: self._at(found, arrival, self._receive)
        due = [invoice for invoice in _open(found) if self._pays_on(invoice) <= now.date()]
        if due:
            return lambda: self._pay(found, due[0])
        if now >= self._story.until:
            return None
        stop = self._next_stop(found, now)
        return lambda: self._advance(stop, f"lives until {stop:%d %b %Y}")

    def _pays_on(self, invoice: Answer) -> date:
        return date.fromisoformat(invoice["due_on"]) + timedelta(days=self._story.days_late)

    def _next_stop(self, found: Answer, now: datetime) -> datetime:
        """Return when somebody may act next; new invoices are due after a month at the earliest."""
        stops = [datetime.combine(self._pays_on(invoice), now.timetz()) for invoice in _open(found)]
        return min(stop for stop in (*stops, now + _ONE_MONTH, self._story.until) if stop > now)

    async def _at(
        self, found: Answer, moment: datetime, deed: Callable[[], Awaitable[None]]
    ) -> None:
        """Do something at a moment: move the clock there first, or do it if it is there."""
        if moment > _clock(found):
            await self._advance(moment, f"until {moment:%d %b %Y}")
        await deed()

    async def _deliver(self) -> None:
        self._tell("delivers what is there")
        before = await self._doors.get(self._path)
        lines = [
            line["reference"]
            for line in before["order"]
            if line["status"] in ("reserved", "open", "shipped")
        ]
        key = f"{self._story.number}-deliver-{'-'.join(lines)}".replace("/", ".")
        body = {"lines": lines, "event": "deliver"}
        await self._doors.operate(f"{self._path}/messages/delivery_confirmed", body, key)

        async def look() -> Answer | None:
            found = await self._doors.get(self._path)
            waiting = [line for line in found["order"] if line["reference"] in lines]
            is_done = all(bool(line["transferred_on"]) for line in waiting)
            return found if is_done else None

        await eventually(look, self._story.number, "the delivery on record")

    async def _receive(self) -> None:
        self._tell("goods arrive for the back-ordered line")
        await receive_stock(self._doors, SAMPLES / "stock_later.yaml")

        async def look() -> Answer | None:
            found = await self._doors.get(self._path)
            is_waiting = any(line["status"] == "back_ordered" for line in found["order"])
            return None if is_waiting else found

        await eventually(look, self._story.number, "the goods that arrived")

    async def _pay(self, found: Answer, invoice: Answer) -> None:
        amount = Money(minor=invoice["balance_minor"], currency=invoice["currency"])
        self._tell(f"pays {amount} for {invoice['number']}")
        places = exponent(amount.currency)
        await self._doors.pay(
            {
                "customer": found["customer"],
                "amount": f"{Decimal(amount.minor).scaleb(-places):.{places}f}",
                "currency": amount.currency,
                "reference": f"{invoice['number']}-PAID",
                "received_on": _clock(found).date().isoformat(),
                "invoices": [invoice["number"]],
                "deal": self._story.number,
            }
        )

        async def look() -> Answer | None:
            row = await self._row()
            is_lower = int(row["balance_minor"]) < int(found["balance_minor"])
            return row if is_lower else None

        await eventually(look, self._story.number, f"the payment of {invoice['number']}")

    async def _approve(self, found: Answer, step: Answer) -> None:
        """Decide as an approver does, with the token of the mail."""
        approver = step["approver"]
        is_refused = approver == self._story.refused_by
        self._tell(f"{approver} {'refuses' if is_refused else 'approves'} as {step['title']}")

        def wanted(request: Request) -> bool:
            asked = (request.content.get("step"), request.person)
            return asked == (str(step["key"]), str(approver))

        request = await self._request("approve", wanted, found)
        if request is None:
            return
        if is_refused:
            content = {**request.content, "reason": _REFUSAL}
            content["command_id"] = f"reject-{content.get('command_id', '')}"
            request = request.model_copy(update={"signal": "reject", "content": content})
        await self._signal(request)

    async def _negotiate(self, found: Answer, counter: Counter) -> None:
        """Meet the customer's counter with a second version; accept that one once it is there."""
        versions = (await self._doors.get(f"{self._path}/quotes"))["items"]
        if len(versions) > 1:
            newest = versions[-1]["content_hash"]
            await self._answer("accept_quote", found, "accepts the revised quote", newest)
            return
        self._tell(f"{counter.words}; sam revises the quote")
        body = {
            "delta": read_document(counter.file),
            "base_hash": versions[0]["content_hash"],
            "reason": counter.words,
        }
        path = f"{self._path}/messages/revise_quote"
        await self._doors.post(_SELLER, path, body, f"{self._story.number}-counter")

        async def look() -> Answer | None:
            quotes = await self._doors.get(f"{self._path}/quotes")
            return quotes if len(quotes["items"]) > 1 else None

        await eventually(look, self._story.number, "the revised quote")

    def _answering(self, signal: str, found: Answer, what: str) -> Deed:
        return lambda: self._answer(signal, found, what)

    async def _answer(self, signal: str, found: Answer, what: str, content_hash: str = "") -> None:
        """Accept or sign as whoever has not yet, with the token of their mail.

        With a `content_hash` only the mail about that version is answered.
        """
        kind = {"accept_quote": "accept", "contract_signed": "sign"}[signal]
        done = {
            decision["person"]
            for decision in found["decisions"]
            if decision["kind"] == kind and decision["accepted"]
        }

        def wanted(request: Request) -> bool:
            is_meant = content_hash in ("", request.content.get("content_hash"))
            return is_meant and request.person not in done

        request = await self._request(signal, wanted, found)
        if request is not None:
            self._tell(f"{request.person} {what}")
            await self._signal(request)

    async def _request(
        self, signal: str, wanted: Callable[[Request], bool], found: Answer
    ) -> Request | None:
        """Return what a mail asks for; None once the deal has gone on without it."""

        def asked() -> Iterator[Request]:
            for request in self._doors.mailbox.requests(self._story.number):
                if request.signal == signal and wanted(request):
                    yield request

        async def look() -> Answer | None:
            request = next(asked(), None)
            if request is None and (await self._row())["stage"] == found["stage"]:
                return None
            return {"request": request}

        mail = await eventually(look, self._story.number, f"the mail that asks for {signal}")
        request: Request | None = mail["request"]
        return request

    async def _signal(self, request: Request) -> None:
        """Send a signal and wait until the deal has answered it and rests again."""
        before = len(await self._told(request.signal))
        await self._doors.signal(request)

        async def look() -> Answer | None:
            told = await self._told(request.signal)
            return told[-1] if len(told) > before else None

        what = f"{request.signal} of {request.person}"
        answer = await eventually(look, self._story.number, what)
        if answer["what"].endswith("refused"):
            raise DemoError(f"Deal {self._story.number} refused {what}: {answer['detail']}")

    async def _told(self, signal: str) -> list[Answer]:
        """Return what the deal has answered to a signal so far; it is written before it rests."""
        timeline = await self._doors.get(f"{self._path}/timeline", limit=500)
        return [each for each in timeline["items"] if each["what"].startswith(f"{signal} ")]

    async def _advance(self, until: datetime, words: str) -> None:
        self._tell(words)
        body = {"until": until.isoformat()}
        key = f"{self._story.number}-clock-{until:%Y%m%d%H%M}"
        await self._doors.operate(f"{self._path}/messages/advance_clock", body, key)

        async def look() -> Answer | None:
            row = await self._row()
            has_come = datetime.fromisoformat(row["business_time"]) >= until
            return row if has_come or row["stage"] in _ENDED else None

        await eventually(look, self._story.number, f"its clock to come to {until:%Y-%m-%d}")

    async def _row(self) -> Answer:
        """Return the deal as listings show it, which is cheaper than all of it."""
        page = await self._doors.get("/v1/deals", limit=1, after=_just_before(self._story.number))
        row: Answer = page["items"][0]
        return row


def _just_before(number: str) -> str:
    """Return a text right before a deal's number, to begin a listing there."""
    return number[:-1] + chr(ord(number[-1]) - 1) + "~"


def _clock(found: Answer) -> datetime:
    return datetime.fromisoformat(found["business_time"])


def _active_steps(found: Answer) -> list[Answer]:
    paths = found.get("approvals") or []
    if not paths:
        return []
    steps: list[Answer] = max(paths, key=lambda path: path["quote_version"])["steps"]
    is_rejected = any(step["status"] == "rejected" for step in steps)
    return [] if is_rejected else [step for step in steps if step["status"] == "active"]


def _open(found: Answer) -> list[Answer]:
    return [invoice for invoice in found["invoices"] if int(invoice["balance_minor"]) > 0]


def _last_words(found: Answer) -> str:
    stage, outcome = found["stage"], found.get("outcome")
    return f"done: {outcome or stage} on {_clock(found):%d %b %Y}"
