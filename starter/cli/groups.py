"""Groups of commands that more than one module adds to."""

import typer

_INVOICE = "invoice"


def invoice_group(app: typer.Typer) -> typer.Typer:
    """Return the group `q2c invoice`, making it when it is first asked for."""
    for each in app.registered_groups:
        if each.name == _INVOICE and each.typer_instance is not None:
            return each.typer_instance
    group = typer.Typer(
        help="What becomes of an issued invoice: data, write-offs.", no_args_is_help=True
    )
    app.add_typer(group, name=_INVOICE, rich_help_panel="Deliver and collect")
    return group
