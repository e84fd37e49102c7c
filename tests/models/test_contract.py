"""Who signs a contract."""

from models.contract import customer_signer, order_form_number, our_signer
from models.parties import Contact, Person


def person(identity: str, *titles: str, manager: str | None = None) -> Person:
    """Return one of our people."""
    return Person(
        id=identity, name=identity, email=f"{identity}@x.example", titles=titles, manager=manager
    )


def test_the_signatory_signs_for_us() -> None:
    """The title decides, whoever sells."""
    people = [person("sam", manager="mia"), person("mia"), person("dan", "signatory")]

    assert our_signer(people, "sam") == "dan"


def test_without_a_signatory_the_manager_signs_and_without_a_manager_the_seller() -> None:
    """Somebody always signs."""
    assert our_signer([person("sam", manager="mia")], "sam") == "mia"
    assert our_signer([person("sam")], "sam") == "sam"


def test_the_customers_signatory_goes_before_the_first_contact() -> None:
    """A role beats the order of the list; without contacts nobody can be asked."""
    buyer = Contact(name="Bea", email="bea@x.example")
    chief = Contact(name="Cid", email="cid@x.example", role="signatory")

    assert customer_signer([buyer, chief]) == "cid@x.example"
    assert customer_signer([buyer]) == "bea@x.example"
    assert customer_signer([]) == ""


def test_an_order_form_is_numbered_by_deal_and_version() -> None:
    """Each quote version has an order form of its own."""
    assert order_form_number("1001", 2) == "OF-1001-2"
