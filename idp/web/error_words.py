"""What error pages say: for each kind of fault a heading, what happened, and what to do next.

Invariant: the words are for the person in front of the page; what an engineer needs is the error's private detail. The
headings are stable: certification and support read them.
"""

from dataclasses import dataclass
from typing import Final, LiteralString

from idp.wording import msgid


@dataclass(frozen=True, slots=True)
class ErrorWords:
    """Three English texts (msgids), and whether the account page, or the security console, is a way on."""

    heading: LiteralString
    what: LiteralString
    next: LiteralString
    account: bool = False
    console: bool = False


_RETURN: Final = msgid("Go back to the app that you came from and start again.")
_FOREIGN: Final = msgid(
    "If you came from a message or an unfamiliar site, close this page. Otherwise tell the support of the app."
)
_REQUEST: Final = msgid("This sign-in request cannot be used")

ERROR_WORDS: Final[dict[str, ErrorWords]] = {
    "client_unknown": ErrorWords(
        _REQUEST,
        msgid("The app that sent you here is not known to us, or may no longer use this sign-in."),
        _FOREIGN,
    ),
    "redirect_uri_unregistered": ErrorWords(
        _REQUEST,
        msgid("The app asked us to send you to an address that is not registered for it, so we stopped."),
        _FOREIGN,
    ),
    "request_invalid": ErrorWords(
        _REQUEST, msgid("Something in the address that brought you here is missing or malformed."), _RETURN
    ),
    "journey_unknown": ErrorWords(
        msgid("This sign-in has ended"),
        msgid("It was finished or cancelled, waited for too long, or was begun in another browser."),
        _RETURN,
        account=True,
    ),
    "recovery_unknown": ErrorWords(
        msgid("This way back has ended"),
        msgid("The link or the page was used already, was replaced by a newer mail, or its time is over."),
        msgid("Ask for a new mail; the newest one always works."),
    ),
    "invitation_unknown": ErrorWords(
        msgid("This invitation does not work any more"),
        msgid("It was used already, was replaced by a newer one, or is older than three days."),
        msgid("Ask whoever invited you for another one."),
    ),
    "approval_unknown": ErrorWords(
        msgid("This can’t be decided on"),
        msgid("Somebody has decided on it, its half hour is over, or it is for somebody else to decide."),
        msgid("Go back to the list of approvals, which says how things stand."),
        console=True,
    ),
    "act_refused": ErrorWords(
        msgid("This was not done"),
        msgid("The state of things does not allow it, or somebody else changed it at the same moment."),
        msgid("Look at the page again; the audit trail and the command line name the reason."),
        console=True,
    ),
    "role_refused": ErrorWords(
        msgid("Your role does not include this"),
        msgid("Nothing was changed. What each role may do is the same for everybody who has it."),
        msgid("Ask a security engineer."),
        console=True,
    ),
    "not_served": ErrorWords(
        msgid("The desk does not serve this account"),
        msgid("It belongs to a colleague, or to you. Nothing of it is shown, and that you asked is written down."),
        msgid("Colleagues are invited anew by a security engineer; for your own account ask a colleague."),
        console=True,
    ),
    "lock_down_unknown": ErrorWords(
        msgid("This link does not work any more"),
        msgid("Links in our mails work for seven days. This one is older, or was not copied whole."),
        msgid("If somebody else may know your password, choose a new one, or call support."),
    ),
    "cookies_off": ErrorWords(
        msgid("Cookies are switched off"),
        msgid("Your browser did not keep the cookie that ties this sign-in to you, so we cannot protect it."),
        msgid("Allow cookies for this site, then go back to the app that you came from and start again."),
    ),
    "form_expired": ErrorWords(
        msgid("This page was open for too long"),
        msgid("To protect you, a form is accepted for a limited time only. Nothing was sent on."),
        msgid("Go back, reload the page and try again."),
    ),
    "form_foreign": ErrorWords(
        msgid("This form did not come from our page"),
        msgid("Another site may have tried to act in your name. Nothing was changed."),
        msgid("Close this page, and open the app yourself instead of following a link."),
    ),
    "sign_out_invalid": ErrorWords(
        msgid("This sign-out request cannot be used"),
        msgid("The app that sent you here asked for something that we cannot confirm, so nothing was changed."),
        msgid("To sign out, open your account on this site."),
        account=True,
    ),
    "access_refused": ErrorWords(
        msgid("You cannot use this app"),
        msgid("Your account has no access to what this app asked for."),
        msgid("If you think that you should have, call support and read out the reference number."),
    ),
    "not_found": ErrorWords(
        msgid("There is no such page"),
        msgid("The address may be mistyped, or the page has moved."),
        msgid("Check the address, or go to your account."),
        account=True,
    ),
    "method_not_allowed": ErrorWords(
        msgid("This address is opened in another way"),
        msgid("Pages that change something are reached through a form, not by their address."),
        msgid("Go back and use the buttons on the page."),
    ),
    "input_invalid": ErrorWords(
        msgid("We could not read what was sent"),
        msgid("The form or the address holds something that does not belong there, or is too long."),
        msgid("Go back, reload the page and try again."),
    ),
    "too_many_requests": ErrorWords(
        msgid("Too many attempts"),
        msgid("There were many attempts from your network in a short time, so we have slowed down."),
        msgid("Wait a few minutes and try again."),
    ),
    "unavailable": ErrorWords(
        msgid("We are busy right now"),
        msgid("Your request could not be handled at this moment. Nothing was changed."),
        msgid("Wait a minute and try again."),
    ),
    "server_error": ErrorWords(
        msgid("Something went wrong on our side"),
        msgid("It was not your fault, and the fault has been recorded."),
        msgid("Try again in a minute. If it happens again, call support and read out the reference number."),
    ),
}
