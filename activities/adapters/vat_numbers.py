"""VAT numbers checked by the library `python-stdnum`: form and check digits, no network."""

from stdnum import get_cc_module
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength, ValidationError

from models.vat_ids import VIES_PREFIXES


def vat_number_problem(vat_id: str) -> str:
    """Return what is wrong with a VAT number, or nothing.

    A number of the EU is checked by the rules of its country; one of elsewhere if the library knows
    its country by its first two letters, and otherwise it may be one.
    """
    try:
        _validate(vat_id.strip())
    except InvalidLength:
        return f"{vat_id} has too many or too few characters for a VAT number of {vat_id[:2]}"
    except InvalidChecksum:
        return f"{vat_id} has wrong check digits, so that a digit is missing or mistyped"
    except InvalidFormat:
        return f"{vat_id} is not written like a VAT number of {vat_id[:2]}"
    except ValidationError:
        return f"{vat_id} is no VAT number of {vat_id[:2]}"
    return ""


def _validate(vat_id: str) -> None:
    prefix = vat_id[:2]
    if prefix in VIES_PREFIXES:
        eu_vat.validate(vat_id)
        return
    if len(prefix) == 2 and prefix.isalpha() and prefix.isupper():
        module = get_cc_module(prefix.lower(), "vat")
        if module is not None:
            module.validate(vat_id)
