"""Contracts as their amendments left them, read from the books."""

from collections.abc import Mapping

from sqlmodel import Session, col, select

from activities.pricing import file_of_version, quote_of_term, quote_version
from models.amended_contract import lines_of_contract, renumbered
from models.amendment import ContractState, first_state
from models.periods import Interval
from models.quoting import Quote
from models.tables import AmendmentBookedRow, AmendmentRow, ContractRow, QuoteRow
from models.waterfall import PricedLine


def booked(session: Session, deal: str, term: int) -> list[AmendmentRow]:
    """Return the amendments of a term that count, oldest first."""
    statement = (
        select(AmendmentRow)
        .join(
            AmendmentBookedRow,
            (col(AmendmentBookedRow.deal) == col(AmendmentRow.deal))
            & (col(AmendmentBookedRow.number) == col(AmendmentRow.number)),
        )
        .where(AmendmentRow.deal == deal, AmendmentRow.term == term)
        .order_by(col(AmendmentBookedRow.version))
    )
    return list(session.exec(statement))


def contract_of(session: Session, deal: str, term: int) -> ContractRow | None:
    """Return the contract of a term."""
    statement = select(ContractRow).where(ContractRow.deal == deal, ContractRow.term == term)
    return session.exec(statement).first()


def signed_quote(session: Session, contract: ContractRow) -> Quote:
    """Return the quote a contract was signed for."""
    return Quote.model_validate_json(session.get_one(QuoteRow, contract.quote).content)


def quote_in_force(session: Session, deal: str, term: int) -> Quote | None:
    """Return what a term is sold at now, its lines under the numbers of the contract."""
    contract = contract_of(session, deal, term)
    if contract is None:
        return quote_of_term(session, deal, term)
    state = state_of(session, contract)
    quote = quote_version(session, deal, state.quote_version)
    if state.version == 1:
        return quote
    return renumbered(quote, state.numbers)


def state_of(session: Session, contract: ContractRow) -> ContractState:
    """Return a contract as its last amendment left it."""
    amendments = booked(session, contract.deal, contract.term)
    if amendments:
        return ContractState.model_validate_json(amendments[-1].state)
    quote = signed_quote(session, contract)
    file, _ = file_of_version(session, contract.deal, quote.version)
    term = Interval(start=contract.starts_on, end=contract.ends_on)
    return first_state(file, quote.version, term)


def lines_by_reference(session: Session, contract: ContractRow) -> Mapping[str, PricedLine]:
    """Return every priced line a plan of the contract refers to, of all its versions.

    Those of an amendment are named with its number, except lines it added.
    """
    signed = signed_quote(session, contract)
    found = {line.reference: line for line in signed.lines}
    quotes = {signed.version: signed}
    for row in booked(session, contract.deal, contract.term):
        state = ContractState.model_validate_json(row.state)
        if state.quote_version not in quotes:
            quotes[state.quote_version] = quote_version(session, row.deal, state.quote_version)
        quote = quotes[state.quote_version]
        for line in lines_of_contract(quote, state.numbers, row.number).values():
            found[line.reference] = line
        for base, line in lines_of_contract(quote, state.numbers, 0).items():
            found.setdefault(base, line)
    return found
