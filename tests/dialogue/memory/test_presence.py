"""Personal things are said only where somebody is known to be alone."""

import pytest

from dialogue.memory.presence import ALONE_SECONDS, COMPANY_SECONDS, Presence
from tests.fakes import FakeClock


@pytest.mark.parametrize(
    ("room", "private", "may_ask"),
    [("private", True, True), ("shared", False, True), ("unknown", False, True)],
)
def test_the_room_counts_while_nothing_else_is_known(
    room: str, private: bool, may_ask: bool
) -> None:
    presence = Presence(room, FakeClock())
    assert (presence.private, presence.may_ask) == (private, may_ask)


async def test_what_somebody_says_counts_for_a_while() -> None:
    clock = FakeClock()
    presence = Presence("unknown", clock)
    presence.told("alone")
    assert presence.private
    await clock.advance(ALONE_SECONDS)
    assert not presence.private
    presence = Presence("private", clock)
    presence.told("company")
    assert not presence.private
    assert not presence.may_ask
    await clock.advance(COMPANY_SECONDS)
    assert presence.private


def test_one_sign_of_company_outweighs_all_others() -> None:
    near = 2
    presence = Presence("private", FakeClock(), lambda: near)
    presence.told("alone")
    presence.staff_say("alone")
    assert presence.others == "company"
    near = 1
    assert presence.private
    presence.staff_say("company")
    assert not presence.private


def test_a_sensor_that_sees_nobody_proves_nothing() -> None:
    assert Presence("unknown", FakeClock(), lambda: 0).others == "unknown"
    assert Presence("shared", FakeClock(), lambda: 1).private
