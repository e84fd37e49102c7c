"""The journal: entries are posted once under their key and never change."""

from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from models.ledger import Account, JournalEntry
from models.money import Money
from models.tables import JournalEntryRow, PostingRow

_CONTRACT = (Account.CONTRACT_ASSET.value, Account.CONTRACT_LIABILITY.value)

# Made once: building a statement takes three times as long as running it, and a deal asks for
# these again and again.
_KEY = select(JournalEntryRow.key).where(col(JournalEntryRow.key) == bindparam("key"))
_KEYS = select(JournalEntryRow.key).where(col(JournalEntryRow.deal) == bindparam("deal"))
_POSITION = (
    select(func.coalesce(func.sum(PostingRow.amount_minor), 0))
    .join(JournalEntryRow, col(JournalEntryRow.key) == col(PostingRow.entry))
    .where(col(JournalEntryRow.deal) == bindparam("deal"), col(PostingRow.account).in_(_CONTRACT))
)


def is_posted(session: Session, key: str) -> bool:
    """Whether an entry with this key is in the journal."""
    return session.exec(_KEY, params={"key": key}).first() is not None


def posted_keys(session: Session, deal: str) -> frozenset[str]:
    """Return the keys of a deal's entries, read at once: an old deal has many."""
    return frozenset(session.exec(_KEYS, params={"deal": deal}))


def post(
    session: Session, entry: JournalEntry | None, recorded_at: datetime, scope: str = ""
) -> bool:
    """Post an entry; False if there is nothing to post or its key is posted already."""
    if entry is None or is_posted(session, entry.key):
        return False
    currency = entry.postings[0].amount.currency
    for posting in entry.postings:
        session.add(
            PostingRow(
                entry=entry.key,
                account=posting.account.value,
                amount_minor=posting.amount.minor,
                currency=currency,
            )
        )
    # The database checks the balance when the entry arrives, so its postings go first.
    session.flush()
    fields = entry.model_dump(exclude={"postings"})
    row = JournalEntryRow(**fields, currency=currency, scope=scope, recorded_at=recorded_at)
    session.add(row)
    session.flush()
    return True


def contract_position(session: Session, deal: str, currency: str) -> Money:
    """Return a deal's net contract position: positive is an asset, negative a liability."""
    minor = session.exec(_POSITION, params={"deal": deal}).one()
    return Money(minor=int(minor), currency=currency)


def revenue_of(session: Session, prefix: str, currency: str) -> Money:
    """Return the revenue posted by entries whose key begins with `prefix` and a colon."""
    statement = (
        select(func.coalesce(func.sum(PostingRow.amount_minor), 0))
        .join(JournalEntryRow, col(JournalEntryRow.key) == col(PostingRow.entry))
        .where(col(JournalEntryRow.key).startswith(f"{prefix}:", autoescape=True))
        .where(PostingRow.account == Account.REVENUE.value)
    )
    return Money(minor=-int(session.exec(statement).one()), currency=currency)
