"""The register's contents: what is kept of each kind, how it is read, and the key it goes by."""

from collections.abc import Callable, Mapping

from pydantic import BaseModel

from models.approval import ApprovalPolicy, parse_policy
from models.catalog import Catalog, parse_catalog
from models.collection import DunningPolicy, parse_dunning_policy
from models.deal_template import DealTemplate, parse_deal_template
from models.delegation import Delegation, parse_delegation
from models.errors import InvalidInputError, Problem
from models.parties import (
    Customer,
    Entity,
    Partner,
    Person,
    parse_customer,
    parse_entity,
    parse_partner,
    parse_person,
)
from models.price_terms import (
    CustomerPrices,
    ExchangeRates,
    parse_customer_prices,
    parse_exchange_rates,
)
from models.promotions import Promotion, parse_promotion
from models.steps import RegisterKind
from models.tax import TaxRule, parse_tax_rules
from models.value import Value
from models.vat_ids import VatNumberCheck, vat_id_problems

HOUSE = "house"
"""The key of what there is only one of: the catalogue, each policy, the tax rules."""


class TaxRules(Value):
    """The tax rules as one document of the register."""

    rules: tuple[TaxRule, ...] = ()


def _parse_tax_rules(data: object) -> TaxRules:
    rules = data["rules"] if isinstance(data, Mapping) and set(data) == {"rules"} else data
    return TaxRules(rules=parse_tax_rules(rules))


PARSERS: Mapping[RegisterKind, Callable[[object], BaseModel]] = {
    RegisterKind.ENTITY: parse_entity,
    RegisterKind.CUSTOMER: parse_customer,
    RegisterKind.PERSON: parse_person,
    RegisterKind.CATALOG: parse_catalog,
    RegisterKind.APPROVAL_POLICY: parse_policy,
    RegisterKind.DUNNING_POLICY: parse_dunning_policy,
    RegisterKind.TAX_RULES: _parse_tax_rules,
    RegisterKind.PROMOTION: parse_promotion,
    RegisterKind.CUSTOMER_PRICES: parse_customer_prices,
    RegisterKind.EXCHANGE_RATES: parse_exchange_rates,
    RegisterKind.DEAL_TEMPLATE: parse_deal_template,
    RegisterKind.DELEGATION: parse_delegation,
    RegisterKind.PARTNER: parse_partner,
}
"""How each kind is read; every parser raises `InvalidInputError` with all problems at once."""

_WITH_VAT_NUMBER = frozenset({RegisterKind.ENTITY, RegisterKind.CUSTOMER, RegisterKind.PARTNER})


def parse(kind: RegisterKind, data: object, check: VatNumberCheck) -> BaseModel:
    """Return a content as it is read, its VAT number checked besides.

    Raises `InvalidInputError` with all problems at once; what is wrong with a number is said once.
    """
    problems: list[Problem] = []
    content: BaseModel | None = None
    try:
        content = PARSERS[kind](data)
    except InvalidInputError as error:
        problems += error.problems
    if kind in _WITH_VAT_NUMBER and all(problem.field != "vat_id" for problem in problems):
        problems += vat_id_problems(data, check)
    if content is None or problems:
        raise InvalidInputError(problems)
    return content


MODELS: Mapping[RegisterKind, type[BaseModel]] = {
    RegisterKind.ENTITY: Entity,
    RegisterKind.CUSTOMER: Customer,
    RegisterKind.PERSON: Person,
    RegisterKind.CATALOG: Catalog,
    RegisterKind.APPROVAL_POLICY: ApprovalPolicy,
    RegisterKind.DUNNING_POLICY: DunningPolicy,
    RegisterKind.TAX_RULES: TaxRules,
    RegisterKind.PROMOTION: Promotion,
    RegisterKind.CUSTOMER_PRICES: CustomerPrices,
    RegisterKind.EXCHANGE_RATES: ExchangeRates,
    RegisterKind.DEAL_TEMPLATE: DealTemplate,
    RegisterKind.DELEGATION: Delegation,
    RegisterKind.PARTNER: Partner,
}
"""What is kept of each kind."""


def key_of(content: BaseModel) -> str:
    """Return the key of a content: number, id or code of what there are many of, else `house`."""
    names = (getattr(content, name, "") for name in ("number", "id", "code"))
    return next((str(name) for name in names if name), HOUSE)
