"""What pages and mails say, in every language that people may choose.

English is the source: it stands in the templates and beside `msgid(...)` in code. Each other language is one Babel
catalogue under `catalogues/`, committed with its compiled form, so that nothing is compiled when the service starts.
Invariant: every message has a complete translation in every language (a test fails otherwise). Knows no Flask.
"""

from idp.wording.languages import LANGUAGES, Language, negotiate
from idp.wording.translation import CATALOGUES, Translator, Wording, WordingMissing, msgid

__all__ = ["CATALOGUES", "LANGUAGES", "Language", "Translator", "Wording", "WordingMissing", "msgid", "negotiate"]
