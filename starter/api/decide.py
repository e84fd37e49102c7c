"""The decision page: plain HTML behind a link in a mail, for whoever has no account at hand.

A GET shows and never decides; a POST of its form decides. It needs no script and loads nothing from
elsewhere, and no cache or other site gets to know the link.
"""

from datetime import date
from html import escape
from http import HTTPStatus
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from models.decision_link import DecisionLink
from starter.api.access import TheHouse
from starter.service import decision_pages as service
from starter.service.decision_pages import DecisionPage, LinkState, PageLine

router = APIRouter(tags=["Decide"])

_MOST_BYTES = 20_000
_STATUS = {
    LinkState.OPEN: HTTPStatus.OK,
    LinkState.USED: HTTPStatus.OK,
    LinkState.CLOSED: HTTPStatus.OK,
    LinkState.STALE: HTTPStatus.GONE,
    LinkState.EXPIRED: HTTPStatus.GONE,
    LinkState.INVALID: HTTPStatus.FORBIDDEN,
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
_STYLE = """
body{font:16px/1.45 system-ui,sans-serif;margin:0 auto;max-width:40rem;padding:1rem;color:#1a1a1a}
h1{font-size:1.3rem;margin:.5rem 0}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.3rem .4rem;border-bottom:1px solid #ddd;vertical-align:top}
td.n,th.n{text-align:right;white-space:nowrap}small{color:#555}
.box{background:#f4f4f0;border-radius:.5rem;padding:.6rem .8rem;margin:.8rem 0}
.say{background:#fff4d6}input,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}
button{font:inherit;width:100%;padding:.8rem;margin:.4rem 0;border:0;border-radius:.5rem;
background:#ddd;color:#111}button.yes{background:#17603a;color:#fff}
button.no{background:#8f1d1d;color:#fff}label{display:block;margin-top:.6rem}
"""


def _link(request: Request, deal: str, version: str) -> DecisionLink | None:
    """Return the link as it stands in the address, or None if it is in pieces."""
    query = request.query_params
    try:
        until = date.fromisoformat(query.get("until", ""))
        number = int(version)
    except ValueError:
        return None
    step, person = query.get("step", ""), query.get("person", "")
    return DecisionLink(deal=deal, version=number, step=step, person=person, until=until)


@router.get(
    "/decide/{deal}/{version}",
    summary="The page of a link in a mail",
    response_class=HTMLResponse,
)
async def decision_page(house: TheHouse, request: Request, deal: str, version: str) -> HTMLResponse:
    """Show what is asked, with buttons. Opening it decides nothing."""
    link = _link(request, deal, version)
    if link is None:
        return _answer(service.broken())
    return _answer(await service.show(house, link, request.query_params.get("sign", "")))


_FORM = {
    "requestBody": {
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "choice": {"enum": list(service.CHOICES)},
                        "reason": {"type": "string", "description": "Needed for a no."},
                        "percent": {"type": "string", "description": "What a counter proposes."},
                    },
                },
                "example": {"choice": "reject", "reason": "Discount too high for one year"},
            }
        }
    }
}


@router.post(
    "/decide/{deal}/{version}",
    summary="Decide on the page of a link in a mail",
    response_class=HTMLResponse,
    openapi_extra=_FORM,
)
async def decide_on_page(
    house: TheHouse, request: Request, deal: str, version: str
) -> HTMLResponse:
    """Take the form of the page: approve, reject or counter, recorded with the channel `mail`."""
    link, raw = _link(request, deal, version), await request.body()
    if link is None or len(raw) > _MOST_BYTES:
        return _answer(service.broken())
    form = dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))
    sign = request.query_params.get("sign", "")
    return _answer(await service.decide(house, link, sign, form))


def _answer(page: DecisionPage) -> HTMLResponse:
    status = _STATUS[page.state]
    if page.state is LinkState.OPEN and page.text:
        status = HTTPStatus.CONFLICT
    return HTMLResponse(html_of(page), status_code=status, headers=_HEADERS)


def html_of(page: DecisionPage) -> str:
    """Return the page as HTML; everything somebody wrote is escaped."""
    title = f"Quote {page.number}" if page.number else "Decision"
    said = f'<p class="box say" role="status">{escape(page.text)}</p>' if page.text else ""
    about = _about(page) if page.number else ""
    form = _form() if page.state is LinkState.OPEN else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(title)}</h1>{said}{about}{form}</main></body></html>"
    )


def _about(page: DecisionPage) -> str:
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in page.reasons)
    facts = "".join(
        f'<tr><td>{escape(name.replace("_", " "))}</td><td class="n">{value:f}</td></tr>'
        for name, value in page.facts.items()
    )
    more = f"<p>and {page.more_lines} more lines, all in the mail.</p>" if page.more_lines else ""
    rows = "".join(_line(line) for line in page.lines)
    return (
        f"<p>{escape(page.seller)} offers {escape(page.customer)} "
        f"<strong>{escape(str(page.total))}</strong>, valid until {page.valid_until}.</p>"
        f'<div class="box"><strong>You are asked because</strong><ul>{reasons}</ul></div>'
        "<table><caption>From list price to total</caption>"
        f'<tr><td>List price</td><td class="n">{escape(str(page.list_total))}</td></tr>'
        f'<tr><td>All discounts</td><td class="n">{page.discount_percent:f} %</td></tr>'
        f'<tr><th>Total</th><th class="n">{escape(str(page.total))}</th></tr></table>'
        '<table><tr><th>Line</th><th class="n">List</th><th class="n">Off</th>'
        f'<th class="n">Net</th></tr>{rows}</table>{more}'
        f"<details><summary>Facts</summary><table>{facts}</table></details>"
    )


def _line(line: PageLine) -> str:
    steps = "".join(f"<br><small>{escape(step)}</small>" for step in line.steps)
    return (
        f"<tr><td>{escape(line.name)}, {line.quantity.normalize():f}{steps}</td>"
        f'<td class="n">{escape(str(line.list_amount))}</td>'
        f'<td class="n">{line.discount_percent:f} %</td>'
        f'<td class="n">{escape(str(line.net))}</td></tr>'
    )


def _form() -> str:
    return (
        '<form method="post"><label for="reason">Reason (needed for a no)</label>'
        '<textarea id="reason" name="reason" rows="3" maxlength="1000"></textarea>'
        '<button class="yes" name="choice" value="approve">Approve</button>'
        '<button class="no" name="choice" value="reject">Reject</button>'
        '<label for="percent">I would approve this discount off list, in percent, '
        "all discounts together</label>"
        '<input id="percent" name="percent" inputmode="decimal" autocomplete="off">'
        '<button name="choice" value="counter">Counter</button></form>'
    )
