"""/slow-down: a little work for the browser, or half a minute of waiting, before guesses from a busy place go on.

Leads back to the sign-in page that it came from. Nothing here depends on what was typed there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import flask

from idp.flows.answers import see_other
from idp.flows.journey import Journey
from idp.flows.parts import Parts
from idp.flows.visit import (
    brand_for,
    current_journey,
    form_targets,
    form_token_for,
    language_of,
    require_own_form,
    sent_fields,
    visitor_of,
)
from idp.lockout.work import SEARCHES, WAIT_SECONDS, ZERO_BITS, WorkNotDone, WorkRefused
from idp.web.problems import WORK_EXPIRED, Problem, work_not_done

PAGE = "slow_down"
PATH = "/slow-down"


def slow_down_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /slow-down."""
    pages = flask.Blueprint("slow_down", __name__)

    @pages.get(PATH)
    def slow_down() -> flask.Response:
        journey = current_journey(parts)
        return _page(parts, journey, _new_challenge(parts, journey))

    @pages.post(PATH)
    def slow_down_sent() -> flask.Response:
        journey = current_journey(parts)
        require_own_form(parts, PAGE, journey)
        return _answered(parts, journey, sent_fields().get("challenge", ""), sent_fields().get("answer", ""))

    return pages


def _answered(parts: Parts, journey: Journey, challenge: str, answer: str) -> flask.Response:
    try:
        parts.slow_down.accept(challenge=challenge, answer=answer, journey_id=journey.id, visitor=visitor_of())
    except WorkRefused:
        return _page(parts, journey, _new_challenge(parts, journey), problems=[WORK_EXPIRED], status=400)
    except WorkNotDone as error:
        # The same challenge again: the time that has passed since it was made counts.
        seconds = math.ceil(error.wait_seconds)
        response = _page(parts, journey, challenge, problems=[work_not_done(seconds)], status=429)
        response.headers["Retry-After"] = str(seconds)
        return response
    return see_other(f"/sign-in?journey={journey.id}")


def _new_challenge(parts: Parts, journey: Journey) -> str:
    return parts.slow_down.challenge(journey_id=journey.id, visitor=visitor_of())


def _page(
    parts: Parts, journey: Journey, challenge: str, *, problems: Sequence[Problem] = (), status: int = 200
) -> flask.Response:
    return parts.pages.render(
        PAGE,
        language=language_of(journey.request),
        status=status,
        form_targets=form_targets(journey),
        brand=brand_for(parts, journey),
        action=f"{PATH}?journey={journey.id}",
        form_token=form_token_for(parts, PAGE, journey),
        challenge=challenge,
        searches=SEARCHES,
        zero_bits=ZERO_BITS,
        wait_seconds=WAIT_SECONDS,
        problems=problems,
    )
