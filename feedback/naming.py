"""Finding a correction by a name that a page shows of it or of who sent it."""

import re
from typing import Final
from uuid import UUID

from django.db.models import Q

from feedback.models import Correction

_ID: Final = re.compile(r"[0-9a-f-]{6,36}", re.IGNORECASE)
_PERSON: Final = re.compile(r"(?:anonymous[ :])?([0-9a-f-]{6,36})", re.IGNORECASE)


def spelt(term: str) -> str:
    """Return a search term with a whole id as all databases write it."""
    try:
        return str(UUID(term.strip()))
    except ValueError:
        return term


def names(term: str) -> Q | None:
    """Return what a term names besides an item's own id and a user; None where it can be neither.

    That is a copy, by its id or the start of it, which stands for its item, and a submitter whom
    nobody knows, as `narrowing.submitter_name` shows them: "anonymous edbe56bd".
    """
    term = term.strip()
    person = _PERSON.fullmatch(term)
    if person is None:
        return None
    named = Q(submitter__startswith=f"anonymous:{person[1].lower()}")
    if _ID.fullmatch(term):
        copies = Correction.objects.filter(pk__startswith=term, duplicate_of__isnull=False)
        named |= Q(pk__in=copies.values("duplicate_of"))
    return named
