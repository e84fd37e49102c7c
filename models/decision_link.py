"""One-click links in mail: the address of a page on which one person decides on one step.

The link proves that its bearer got the mail. It carries no decision and no decision token: opening
it changes nothing, because mail scanners open every link; the page asks, and its buttons decide.
"""

from datetime import date
from urllib.parse import quote, urlencode

from models.decisions import decision_token, token_matches
from models.value import Value

PATH = "/v1/decide"


class DecisionLink(Value):
    """Who is asked for which step of which quote version, and the last day the link works."""

    deal: str
    version: int
    step: str
    person: str
    until: date

    @property
    def purpose(self) -> str:
        """What the signature is made for; a token for a decision has another purpose."""
        return f"link:{self.version}:{self.step}:{self.until.isoformat()}"


def link_url(base: str, secret: bytes, link: DecisionLink, content_hash: str) -> str:
    """Return the address of the page, signed for exactly this content."""
    sign = decision_token(secret, link.deal, link.purpose, link.person, content_hash)
    asked = {"step": link.step, "person": link.person, "until": link.until.isoformat()}
    query = urlencode({**asked, "sign": sign})
    return f"{base}{PATH}/{quote(link.deal, safe='')}/{link.version}?{query}"


def link_matches(sign: str, secret: bytes, link: DecisionLink, content_hash: str) -> bool:
    """Whether a signature is the one for this link and this content."""
    return token_matches(sign, secret, link.deal, link.purpose, link.person, content_hash)
