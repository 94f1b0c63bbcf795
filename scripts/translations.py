"""The gate of the catalogues: every message of code and templates is translated, and what is compiled is current.

`python -m idp.wording.build` mends what this finds, save the translating itself.
"""

import sys

from idp.wording.build import collect, compiled, merged, source_path, untranslated
from idp.wording.languages import LANGUAGES, SOURCE, Language
from idp.wording.translation import CATALOGUES


def faults(language: Language) -> list[str]:
    """Return what is wrong with a language's catalogue, in words."""
    catalogue = merged(language, collect())
    found = [f"{language}: not translated: {message}" for message in untranslated(catalogue)]
    binary = source_path(CATALOGUES, language).with_suffix(".mo")
    if not binary.exists() or binary.read_bytes() != compiled(catalogue):
        found.append(f"{language}: {binary.name} is not current; run python -m idp.wording.build")
    return found


def main() -> int:
    """Print every fault of every language; return 1 if there is one."""
    found = [fault for language in LANGUAGES if language != SOURCE for fault in faults(language)]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
