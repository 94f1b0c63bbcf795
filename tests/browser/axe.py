"""axe in a page of ours, typed: what it finds wrong by WCAG 2.2 A and AA and by its best practices."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def faults_on(page: Page) -> list[str]:
    """Give a line for each fault: the rule, and where it is broken."""
    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{fault['id']}: {node['html'][:120]} ({node['failureSummary']})"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]
