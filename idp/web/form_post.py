"""The page that carries an authorization response back to an app by a form.

Invariant: the form leads to the address given here and nowhere else, works by its button where no script runs, and is
never cached. OAuth 2.0 Form Post Response Mode 1.0.
"""

from collections.abc import Mapping

import flask

from idp.web.brand import Brand
from idp.web.origins import policy_source
from idp.web.render import Pages
from idp.wording import Language


def form_post_page(
    pages: Pages, *, action: str, fields: Mapping[str, str], language: Language, brand: Brand | None = None
) -> flask.Response:
    """Return the page that posts `fields` to `action`, the registered redirect URI.

    Raises: UnsafeAddress, when a browser would run that address or could not post to it.
    """
    policy_source(action)
    return pages.render(
        "form_post", language=language, form_targets=(action,), brand=brand, action=action, fields=dict(fields)
    )
