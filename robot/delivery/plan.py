"""Who is told at which step of an alert, and where that reaches them."""

from config.alerts import AlertPlan, Contact
from dialogue.alerts import Alert

EVERYBODY = "everybody"
"""The recipient of what is shown to whoever is near: page and robot."""
OUTGOING = ("webhook", "email", "mqtt")
"""The channels that leave this machine."""

Told = tuple[tuple[str, str], ...]
"""(recipient, channel) of each message."""


def next_person(plan: AlertPlan, step: int) -> Contact | None:
    """Return who is told at a step: one after the other, and then from the first again.

    Somebody whom no channel reaches can still say on the page that they are coming.
    """
    people = [person for person in plan.people if _ways(person)]
    return people[step % len(people)] if people else None


def told(plan: AlertPlan, alert: Alert, step: int) -> Told:
    """Return who is told by what at a step; of a sealed alert, the safeguarding lead alone, once.

    The robot's own light and sound are for emergencies: beside somebody in distress it stays calm.
    """
    if alert.audience == "safeguarding":
        return _ways(plan.safeguarding) if step == 0 else ()
    near: Told = ((EVERYBODY, "page"),)
    if alert.category == "emergency":
        near = (*near, (EVERYBODY, "robot"))
    return (*(near if step == 0 else ()), *_ways(next_person(plan, step)))


def address(plan: AlertPlan, alert: Alert, recipient: str, channel: str) -> str | None:
    """Return where a channel reaches a recipient; None if the home no longer says so."""
    if channel not in OUTGOING:
        return ""
    sealed = alert.audience == "safeguarding"
    contacts = (plan.safeguarding,) if sealed else plan.people
    found = (each for each in contacts if each is not None and each.name == recipient)
    return next((each.address(channel) for each in found), None)


def _ways(person: Contact | None) -> Told:
    if person is None:
        return ()
    return tuple((person.name, channel) for channel in OUTGOING if person.address(channel))
