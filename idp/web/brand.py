"""How a relying party appears on our pages: its name, its mark, and the address it will get the person back at.

Invariant: branding is data. Nothing in it can run as a script, load from an address that its registration does not
name, or make a text unreadable. OpenID Connect Registration 1.0 section 2 (`logo_uri`, `policy_uri`, `tos_uri`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from idp.clients.client import Client
from idp.web.colour import Ink, ink_on
from idp.web.origins import shown_host, web_address

NEUTRAL = "#44546a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """One app on our pages; addresses are http or https, the accent is of the form #1a2b3c.

    Raises: ValueError, when an address or the colour is of another kind.
    """

    name: str
    return_host: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    accent: str = NEUTRAL
    support_phone: str | None = None

    def __post_init__(self) -> None:
        for address in (self.logo_uri, self.policy_uri, self.tos_uri):
            if address is not None:
                web_address(address)
        ink_on(self.accent)

    @property
    def ink(self) -> Ink:
        """The colour of text on the accent."""
        return ink_on(self.accent)

    @property
    def initial(self) -> str:
        """The letter shown in place of a missing logo."""
        return next((letter.upper() for letter in self.name if letter.isalnum()), "?")


def brand_of(client: Client, *, return_address: str | None = None) -> Brand:
    """Return the brand of a registered client; a stored value that is no longer acceptable is left out.

    `return_address` is the redirect URI of the request, which must be one of the registered ones.
    """
    return Brand(
        name=client.name,
        return_host=_kept(shown_host, return_address),
        logo_uri=_kept(web_address, client.logo_uri),
        policy_uri=_kept(web_address, client.policy_uri),
        tos_uri=_kept(web_address, client.tos_uri),
        accent=_kept(_colour, client.accent) or NEUTRAL,
        support_phone=client.support_phone,
    )


def _kept(accept: Callable[[str], str], value: str | None) -> str | None:
    try:
        return accept(value) if value else None
    except ValueError:
        return None


def _colour(value: str) -> str:
    ink_on(value)
    return value
