"""Who may do what: the one table. Every address of the application and every live view has a row (a test compares).

A row names an action; an action names the roles of people, the kinds of devices and the one word ANYONE that may do it.
People and programs hold a role in an office (or everywhere), a device is of one office: a right counts there alone.
"""

from collections.abc import Mapping

ANYONE = "anyone"
"""Whoever comes, signed in or not."""

SIGNED_IN = "signed in"
"""Every person who is signed in, whatever their roles."""

_STAFF = ("officer", "supervisor", "manager", "auditor", "headquarters", "admin")
_LEADING = ("supervisor", "manager", "auditor", "headquarters")

ACTIONS: Mapping[str, tuple[str, ...]] = {
    # For everybody: what is public, and what a secret in the address opens (a ticket, a one-time link)
    "public": (ANYONE,),
    "account": (SIGNED_IN,),
    # The hall
    "ticket.print": ("printer",),
    "ticket.take": ("kiosk", "officer", "supervisor"),
    "display.see": ("display", *_STAFF),
    # Counters. In the order of the roles in which somebody who holds several acts
    "desk.work": ("officer", "supervisor"),
    "note.see": ("officer", "supervisor"),
    "note.erase": ("officer", "supervisor"),
    "hall.see": _LEADING,
    "hall.lead": ("supervisor", "manager"),
    # The office
    "day.begin": ("supervisor", "manager"),
    "day.report": _LEADING,
    "office.enter": ("supervisor", "manager", "auditor", "headquarters", "admin"),
    "office.see": ("manager", "auditor", "headquarters"),
    "office.change": ("manager",),
    "people.see": ("manager", "headquarters", "auditor", "admin"),
    "people.change": ("manager", "headquarters", "admin"),
    "devices.see": ("manager", "auditor", "headquarters", "admin"),
    "devices.change": ("manager", "admin"),
    "programs.see": ("manager", "auditor", "headquarters", "admin"),
    "programs.change": ("manager",),
    # The record
    "audit.see": ("auditor", "manager", "headquarters"),
    "audit.export": ("auditor", "manager", "headquarters"),
    "journal.see": ("auditor", "manager", "headquarters", "admin"),
    # Devices about themselves
    "device.report": ("kiosk", "display", "counter", "printer"),
    "devices.watch": (*_LEADING, "admin"),
    # The installation: only who holds the role everywhere
    "offices.see": ("headquarters", "admin"),
    "offices.create": ("headquarters",),
    "installation.watch": ("admin",),
}
"""Who may do each action. An auditor changes nothing; headquarters sees its offices and appoints."""

EVERYWHERE_ONLY = frozenset({"offices.create", "installation.watch"})
"""Actions about the whole installation: a role in one office is not enough."""

ENDPOINTS: Mapping[str, str] = {
    # For those who keep the server running
    "watching.healthz": "public",
    "watching.readyz": "public",
    "watching.metrics": "installation.watch",
    # Files and first pages
    "files.static": "public",
    "files.vendor": "public",
    "front.front": "public",
    "front.face": "public",
    "front.gallery": "account",
    # Signing in; a one-time link is opened by the secret in its address
    "signing_in.sign_in": "public",
    "signing_in.check_password": "public",
    "signing_in.sign_out": "public",
    "signing_in.signed_out": "public",
    "signing_in.second_step": "public",
    "signing_in.check_second_step": "public",
    "signing_in.unlock": "public",
    "signing_in.check_pin": "public",
    "signing_in.lock": "account",
    "oidc.leave": "public",
    "oidc.connect": "public",
    "oidc.back": "public",
    "oidc.out": "public",
    "one_time_links.link": "public",
    "one_time_links.use": "public",
    "account.account": "account",
    "account.change_password": "account",
    "account.change_pin": "account",
    "account.close_sessions": "account",
    "account.second_factor": "account",
    "account.confirm_second_factor": "account",
    "account.strengthen": "account",
    "account.drop_second_factor": "account",
    "account.new_recovery_codes": "account",
    "account.password_strength": "public",
    # The kiosk; a ticket's own page is opened by the secret in its address
    "kiosk.welcome": "ticket.take",
    "kiosk.services": "ticket.take",
    "kiosk.review": "ticket.take",
    "kiosk.priority": "ticket.take",
    "kiosk.take": "ticket.take",
    "kiosk.ask_help": "ticket.take",
    "kiosk.give_help": "ticket.take",
    "printing.paper": "ticket.take",
    "printing.print_again": "ticket.take",
    "kiosk.ticket": "public",
    "kiosk.ask_to_cancel": "public",
    "kiosk.cancel": "public",
    # Counters
    "counters.choose": "desk.work",
    "counters.desk": "desk.work",
    "counters.desk_sheet": "desk.work",
    "counters.act": "desk.work",
    "counters.notes": "note.see",
    "counters.erase": "note.erase",
    "counters.supervisor": "hall.see",
    "counters.hall_sheet": "hall.lead",
    "counters.govern": "hall.lead",
    # The display
    "display.display": "display.see",
    "display.voice": "public",
    # The record
    "audit.days": "audit.see",
    "audit.noted": "journal.see",
    "audit.noted_csv": "journal.see",
    "audit.kept_ranges": "audit.see",
    "audit.kept_ranges_csv": "audit.export",
    "audit.day": "audit.see",
    "audit.board": "audit.see",
    "audit.shadow": "audit.see",
    "audit.ticket": "audit.see",
    "audit.counter": "audit.see",
    "audit.officer": "audit.see",
    "audit.days_csv": "audit.export",
    "audit.events_csv": "audit.export",
    "audit.course_csv": "audit.export",
    # Devices: who waits to be let in, and who is
    "devices.pair": "public",
    "devices.waiting": "public",
    "devices.ask": "public",
    "devices.open_link": "public",
    "devices.use_link": "public",
    "devices.report": "device.report",
    "printing.tickets": "ticket.print",
    "printing.printed": "ticket.print",
    # The manager's room
    "manage.glance": "office.enter",
    "manage.settings.overview": "office.see",
    "manage.settings.section": "office.see",
    "manage.settings.change": "office.change",
    "manage.settings.withdraw": "office.change",
    "manage.changes.every": "office.see",
    "manage.changes.on": "office.see",
    "manage.day.opening": "day.begin",
    "manage.day.check": "day.begin",
    "manage.day.closing": "day.begin",
    "manage.day.close": "day.begin",
    "manage.day.reopen": "hall.lead",
    "manage.reports.latest": "day.report",
    "manage.reports.day": "day.report",
    "manage.reports.day_csv": "day.report",
    "manage.otherwise.ask": "office.see",
    "manage.otherwise.table": "office.see",
    "manage.otherwise.cancel": "office.see",
    "manage.people.every": "people.see",
    "manage.people.one": "people.see",
    "manage.people.invite": "people.change",
    "manage.people.appoint": "people.change",
    "manage.people.act": "people.change",
    "manage.devices.every": "devices.see",
    "manage.devices.one": "devices.see",
    "manage.devices.find": "devices.change",
    "manage.devices.pair": "devices.change",
    "manage.devices.call_otherwise": "devices.change",
    "manage.devices.put_out": "devices.change",
    "manage.devices.this_browser": "devices.change",
    "manage.programs.every": "programs.see",
    "manage.programs.make": "programs.change",
    "manage.programs.revoke": "programs.change",
    "manage.setup.begin": "office.change",
    "manage.setup.step": "office.change",
    "manage.setup.keep_office": "office.change",
    "manage.setup.keep_services": "office.change",
    "manage.setup.keep_people": "office.change",
    "manage.offices.every": "offices.see",
    "manage.offices.create": "offices.create",
    # Programs
    "api.openapi": "public",
    "api.offices": "display.see",
    "api.board": "display.see",
    "api.events": "audit.see",
    "api.issue": "ticket.take",
    "api.ticket": "public",
    "api.cancel": "public",
    "api.open": "desk.work",
    "api.pause": "desk.work",
    "api.close": "desk.work",
    "api.call-next": "desk.work",
    "api.call": "desk.work",
    "api.recall": "desk.work",
    "api.start": "desk.work",
    "api.finish": "desk.work",
    "api.return": "desk.work",
    "api.no-show": "desk.work",
    "api.hold": "desk.work",
    "api.resume": "desk.work",
    "api.transfer": "desk.work",
    "api.documents": "desk.work",
    "api.note": "desk.work",
    "api.undo": "desk.work",
    "api.cancel-visit": "desk.work",
    "api.put-back": "desk.work",
    "api.steps": "desk.work",
    "api.priority": "desk.work",
    "api.ask-help": "ticket.take",
    "api.give-help": "ticket.take",
    "api.close-day": "hall.lead",
    "api.reopen-day": "hall.lead",
}
"""What each address needs. An address without a row answers nobody."""

VIEWS: Mapping[str, str] = {
    "kiosk_door": "ticket.take",
    "kiosk_offer": "ticket.take",
    "kiosk_chosen": "ticket.take",
    "kiosk_help": "ticket.take",
    "ticket": "public",
    "counters": "desk.work",
    "desk": "desk.work",
    "line": "desk.work",
    "hall": "hall.see",
    "display": "display.see",
    "devices": "devices.watch",
    "manage_now": "office.see",
}
"""What each live view needs."""
