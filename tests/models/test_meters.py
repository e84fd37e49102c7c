"""Meters of a catalogue: what is wrong with them is said when the catalogue is checked."""

from models.catalog import Catalog, Product, ProductKind, check_catalog
from models.charges import Charge, ChargeModel, ChargeType, QuantityBasis
from models.meters import Aggregation, Meter, MeterFilter


def reasons(*meters: Meter, charges: tuple[Charge, ...] = ()) -> list[str]:
    product = Product(sku="API", name="API", kind=ProductKind.SUBSCRIPTION, charges=charges)
    catalog = Catalog(version="1", meters=meters, products=(product,) if charges else ())
    return [str(problem) for problem in check_catalog(catalog)]


def test_a_meter_counts_its_own_events_or_those_of_another_narrowed() -> None:
    """One stream of events feeds several charges."""
    calls = Meter(key="calls", name="Calls")
    europe = Meter(
        key="eu-calls",
        name="Calls in Europe",
        of="calls",
        filters=(MeterFilter(property="region", one_of=("eu", "uk")),),
    )

    assert reasons(calls, europe) == []
    assert (calls.source, europe.source) == ("calls", "calls")
    assert [europe.counts({"region": where}) for where in ("eu", "us")] == [True, False]
    assert not europe.counts({})


def test_all_that_is_wrong_with_meters_is_listed() -> None:
    """Doubled, of nothing, nothing to count, and open for ever."""
    found = reasons(
        Meter(key="calls", name="Calls"),
        Meter(key="calls", name="Again"),
        Meter(key="eu", name="Europe", of="cals"),
        Meter(key="users", name="Users", aggregation=Aggregation.UNIQUE),
        Meter(key="peak", name="Peak", aggregation=Aggregation.MAX, unique_by="user"),
        Meter(key="late", name="", late_days=400, filters=(MeterFilter(property="", one_of=()),)),
    )

    assert found == [
        "meters[1].key: calls is already in meters[0] (choose another or remove one)",
        "meters[2].of: cals is no meter with events of its own (did you mean calls?)",
        "meters[3].unique_by: is missing (name the property whose values are counted)",
        "meters[4].unique_by: means nothing to a max (remove it)",
        "meters[5].name: is empty (fill it in)",
        (
            "meters[5].late_days: 400 is not between 0 and 366 "
            "(write how many days after a period its events are still taken)"
        ),
        "meters[5].filters[0].property: is empty (fill it in)",
        "meters[5].filters[0].one_of: is empty (list the values)",
    ]


def test_a_usage_charge_names_a_meter_of_its_catalogue_and_no_other_does() -> None:
    """Otherwise nothing would ever be billed for it, and nobody would be told."""
    found = reasons(
        Meter(key="calls", name="Calls"),
        charges=(
            Charge(key="a", name="A", type=ChargeType.USAGE),
            Charge(key="b", name="B", type=ChargeType.USAGE, meter="call"),
            Charge(key="c", name="C", type=ChargeType.ONE_TIME, meter="calls"),
            Charge(
                key="d",
                name="D",
                type=ChargeType.USAGE,
                meter="calls",
                model=ChargeModel.SPEND_COMMITMENT,
                quantity_basis=QuantityBasis.PRODUCT,
            ),
        ),
    )

    where = "products[0].charges"
    assert sorted(found) == [
        f"{where}[0].meter: is missing for a usage charge (name the meter that counts it)",
        f"{where}[1].meter: call is no meter of the catalogue (did you mean calls?)",
        f"{where}[2].meter: is given for a charge that is not by usage (remove it)",
        f"{where}[3].model: is paid before it is used (make it a recurring or one-time charge)",
        f"{where}[3].quantity_basis: means nothing to what is metered (remove it)",
    ]
