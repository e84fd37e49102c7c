"""Simulate: what a deal file would bring, played in seconds with the real workflow and rules.

The deal runs in a small world of its own: a server that skips time, a copy of the register (of the
samples where there are no books yet) and a folder that is thrown away. Nothing is sent, stored or
charged.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from activities.register import dunning_policy
from starter.cli.display import console
from starter.simulate.calendar import name_levels, read_outcome
from starter.simulate.outcome import Simulation
from starter.simulate.players import Players
from starter.simulate.private_books import fill, with_seller
from starter.simulate.request import SimulationRequest, read_request
from starter.simulate.show import print_simulation
from starter.simulate.world import world
from workers.settings import Settings, load_settings

_ASSUMED = (
    "Everybody decides, accepts and signs at once; goods are in stock and delivered at once.",
    "Nothing is sent, stored or charged.",
)


async def run(
    file: Path,
    until: date,
    pay: str = "due",
    as_json: bool = False,  # noqa: FBT001, FBT002 - an option of the command
    *,
    start_on: date | None = None,
    settings: Settings | None = None,
) -> int:
    """Play a deal file to the end of a day and print what happens; return the exit code.

    `pay` is `due`, `late:N` or `never`; `start_on` overrules the first day of the file.

    Raises:
        InvalidInputError: with every problem of the file or of the arguments.
    """
    today = datetime.now(UTC).date()
    request = read_request(file, until, pay, today, start_on)
    simulation = await play(request, settings or load_settings())
    if as_json:
        console().print(simulation.model_dump_json(indent=2), soft_wrap=True, markup=False)
    else:
        print_simulation(console(), simulation)
    return 0


async def play(request: SimulationRequest, settings: Settings) -> Simulation:
    """Play a deal against a copy of the register of these settings' books and return the outcome.

    Raises `InvalidInputError` if the deal cannot be sold, `SimulationError` if it gets stuck.
    """
    with TemporaryDirectory(prefix="q2c-simulation-") as folder:
        async with world(Path(folder)) as place:
            is_own = fill(place.books, settings.books_url, request.start)
            file = with_seller(place.books, request.file)
            players = Players(place, request.model_copy(update={"file": file}))
            await players.play()
            source = f"Register: {'your own' if is_own else 'the samples, as there is none yet'}."
            mails = tuple(place.recorder.mails)

            return place.books.read(
                lambda session: name_levels(
                    read_outcome(session, request, mails, (source, *_ASSUMED)),
                    dunning_policy(session),
                )
            )
