"""What can stand against an agent at the support desk, in words that say what to do next."""

from __future__ import annotations

from typing import Final

from idp.acts.desk_rules import Why
from idp.web.problems import Problem
from idp.wording import msgid

REASON_MISSING: Final = Problem(msgid("Say in a few words why, so that somebody else understands it."), "reason")
REVEAL_REASON_MISSING: Final = Problem(
    msgid("Say in a few words why you need to see it; it stands in the audit trail."), "reveal_reason"
)
TICKET_MALFORMED: Final = Problem(
    msgid("Enter the ticket number: letters, digits and dashes, with a digit among them, as CASE-1024."), "ticket"
)
TYPED_MISSING: Final = Problem(msgid("Enter a user ID or an e-mail address."), "typed")
CODE_MISSING: Final = Problem(msgid("Enter the call code: eight digits."), "code")
CODE_WRONG: Final = Problem(
    msgid("This is not the caller’s newest code, or its ten minutes are over. Have it read again, or made anew."),
    "code",
)
CODES_REST: Final = Problem(
    msgid("Too many wrong codes for this account, or by you. None is looked at for now; end the call politely."), "code"
)
MAILS_REST: Final = Problem(msgid("Three mails went in the last ten minutes. Wait for one of them, or try later."))

REFUSALS: Final = {
    Why.UNKNOWN: Problem(msgid("There is no such account any more.")),
    Why.STAFF: Problem(msgid("The desk does not serve colleagues: a security engineer invites them anew.")),
    Why.ONESELF: Problem(msgid("Nobody serves themselves. Ask a colleague.")),
    Why.NOT_VERIFIED: Problem(
        msgid("The caller is not verified, or no longer. Nothing was done; ask for a new call code."), "code"
    ),
    Why.NO_ADDRESS: Problem(
        msgid("There is no confirmed e-mail address. Identity has to be proved in person or by letter.")
    ),
    Why.NO_PASSWORD: Problem(msgid("This account has no password that could be reset.")),
    Why.NO_FACTOR: Problem(msgid("This account has no second sign-in method.")),
    Why.MAILBOX_ALONE: Problem(
        msgid(
            "A code from the mailbox is not enough for this: mailbox and telephone alone would open the account."
            " The caller needs a code from a signed-in session, or proves identity in person or by letter."
        )
    ),
    Why.STOPPED: Problem(msgid("The account is suspended. The desk does not reopen it.")),
    Why.MAILED_LATELY: Problem(msgid("A mail went less than two minutes ago, or ten went today. Wait for it.")),
    Why.PROPOSED_ALREADY: Problem(msgid("It is proposed already and waits for a second person.")),
}
