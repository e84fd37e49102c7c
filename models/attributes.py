"""The search attributes of a deal: the one list everybody uses.

Workflows write them, `workers.attributes` creates them on the server, `q2c doctor` checks them and
finance filters by them in the Temporal web UI. They are stored in plain text, so nothing personal
belongs here. SQL visibility has room for ten keywords and three of each other type.
"""

from enum import StrEnum

from models.value import Value


class AttributeType(StrEnum):
    """The kinds of search attributes in use, by the name Temporal gives them."""

    KEYWORD = "Keyword"
    INT = "Int"
    BOOL = "Bool"
    DATETIME = "Datetime"


class Attribute(Value):
    """One search attribute: its name on the server and its type."""

    name: str
    type: AttributeType


STAGE = Attribute(name="Q2cStage", type=AttributeType.KEYWORD)
CUSTOMER = Attribute(name="Q2cCustomer", type=AttributeType.KEYWORD)
OWNER = Attribute(name="Q2cOwner", type=AttributeType.KEYWORD)
CURRENCY = Attribute(name="Q2cCurrency", type=AttributeType.KEYWORD)
ENTITY = Attribute(name="Q2cEntity", type=AttributeType.KEYWORD)
NEXT_ACTION = Attribute(name="Q2cNextAction", type=AttributeType.KEYWORD)
NEXT_ACTION_AT = Attribute(name="Q2cNextActionAt", type=AttributeType.DATETIME)
RENEWAL_AT = Attribute(name="Q2cRenewalAt", type=AttributeType.DATETIME)
BALANCE_MINOR = Attribute(name="Q2cBalanceMinor", type=AttributeType.INT)
TOTAL_MINOR = Attribute(name="Q2cTotalMinor", type=AttributeType.INT)
ON_HOLD = Attribute(name="Q2cOnHold", type=AttributeType.BOOL)

ATTRIBUTES = (
    STAGE,
    CUSTOMER,
    OWNER,
    CURRENCY,
    ENTITY,
    NEXT_ACTION,
    NEXT_ACTION_AT,
    RENEWAL_AT,
    BALANCE_MINOR,
    TOTAL_MINOR,
    ON_HOLD,
)
