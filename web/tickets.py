"""Taking a number, whichever door it is asked at: the ticket and its secret."""

from http import HTTPStatus

from ltsa.board import TicketPicture
from ltsa.commands import IssueTicket
from ltsa.tokens import ticket_secret, token_digest
from web.errors import Refused
from web.house import House


def issue(  # noqa: PLR0913 - by name
    here: House,
    *,
    office: str,
    by: str,
    key: str,
    services: tuple[str, ...],
    priority: str = "",
    language: str = "id",
    person: str = "",
    slot: int = 0,
) -> tuple[TicketPicture, str]:
    """The ticket as it was right after it was issued, and its secret. The same key gives the same again, also when
    midnight has passed since. For a `person` it is for what can be done of the open case, at `services` (none named: at
    all). Raises `Refusal`.
    """
    at = here.now()
    _, day = here.present.office_at(office, at)
    secret = ticket_secret(here.seed, office, day.isoformat(), key)
    done = here.do(
        IssueTicket(
            office=office,
            at=at,
            by=by,
            key=key,
            services=services,
            token=token_digest(secret),
            priority=priority,
            language=language,
            person=person,
            slot=slot,
        )
    )
    if done.answer is None or done.answer.ticket is None:
        raise Refused("key-reused", "This key belongs to another command.", field="key", status=HTTPStatus.CONFLICT)
    return done.answer.ticket, ticket_secret(here.seed, office, done.answer.date, key)
