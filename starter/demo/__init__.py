"""The demo: five real deals on clocks of their own, over the paths that everybody uses.

Approvals, acceptances and signatures are Temporal signals with the tokens of the mails; payments
are posted to the API. Every step looks at what is there and does only what is missing.
"""

import asyncio
import json
from functools import partial

from rich.console import Console

from starter import first_start
from starter.cli.display import console
from starter.demo.doors import DemoError, Doors, open_api
from starter.demo.ending import show_ending
from starter.demo.mailbox import mailbox_of
from starter.demo.player import Player
from starter.demo.progress import Progress
from starter.demo.register import load_samples
from starter.demo.stories import STORIES
from workers.connection import connect
from workers.records import StackInfo
from workers.settings import Settings
from workers.stack import join_or_start


async def run(settings: Settings, *, keep: bool = False) -> int:
    """Play the deals of the demo and print what came out; return the exit code.

    Joins the stack of the data folder; one that is started here ends with the demo, or on Ctrl-C if
    `keep` is set. A second run finds everything there and changes nothing.

    Raises:
        DemoError: a deal does not go on; it is named with what it waits for.
    """
    out = console()
    allowed = settings.model_copy(update={"allow_unverified_decisions": True})
    async with join_or_start(allowed, partial(out.print, highlight=False)) as info:
        await _play(out, allowed, info)
        if keep:
            out.print("The stack keeps running until Ctrl-C.")
            await asyncio.Event().wait()
    return 0


async def _play(out: Console, settings: Settings, info: StackInfo) -> None:
    mailbox = mailbox_of(settings.mail_url)
    if mailbox is None:
        raise DemoError("The demo reads its mails from a Maildir. Unset Q2C_MAIL_URL.")
    done = await asyncio.to_thread(first_start.prepare, settings)
    tokens = json.loads(done.tokens_file.read_text()) if done.tokens_file.exists() else {}
    client = await connect(settings)
    async with open_api(info.api_url) as api:
        doors = Doors(api, client, mailbox, tokens)
        await load_samples(doors)
        with Progress(out, STORIES) as progress:
            players = [
                Player(doors, story, partial(progress.tell, story.number)) for story in STORIES
            ]
            async with asyncio.TaskGroup() as group:
                for player in players:
                    group.create_task(player.play())
        await show_ending(out, doors, STORIES, settings, info)
