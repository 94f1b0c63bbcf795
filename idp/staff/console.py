"""The security console: its pages, as one list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import flask

from idp.flows.parts import Parts
from idp.staff.approval_pages import approval_pages
from idp.staff.attack_pages import attack_pages
from idp.staff.audit_pages import audit_pages
from idp.staff.client_pages import client_pages
from idp.staff.desk_pages import desk_pages
from idp.staff.key_pages import key_pages
from idp.staff.overview import overview_pages

CONSOLE_PAGES: Final[tuple[Callable[[Parts], flask.Blueprint], ...]] = (
    overview_pages,
    key_pages,
    approval_pages,
    audit_pages,
    attack_pages,
    client_pages,
    desk_pages,
)
