"""Alerts reach people until somebody comes: tried again, passed on, and taken up after an end."""

import asyncio
import resource
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.alerts import AlertPlan, Broker, Contact, MailServer
from config.settings import Home, Robot, Settings
from dialogue.alerts import Alerts
from dialogue.deliveries import Deliveries
from dialogue.events import AlertAcknowledged, AlertDelivered, AlertEscalated
from robot.delivery.common import DeliveryError
from robot.delivery.courier import BACK_OFF, SEND_SECONDS, Courier
from robot.delivery.messages import Message
from tests.fakes import FakeClock, Recorder, settle

AMAL = Contact(name="Amal", email="amal@home.example", mqtt="alerts/amal")
BO = Contact(name="Bo", webhook="https://pager.example/bo")
WEBER = Contact(name="Ms Weber", email="weber@home.example")
PLAN = AlertPlan(
    place="Common room",
    people=(AMAL, Contact(name="Nobody can reach him"), BO),
    safeguarding=WEBER,
    email=MailServer(host="mail.example", sender="robot@home.example"),
    mqtt=Broker(host="broker.example"),
)


class Box:
    """A channel that keeps what it is sent, or fails in the way it is told."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.sent: list[tuple[str, Message]] = []

    async def send(self, to: str, message: Message) -> None:
        self.sent.append((to, message))
        if self.fault is not None:
            raise self.fault

    async def reach(self, to: str) -> None:
        raise AssertionError


class Post:
    """A courier with boxes for channels, on a clock that stands still."""

    def __init__(self, path: Path, plan: AlertPlan = PLAN, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.settings = Settings(
            Home(name="Our home", time_zone="Europe/Berlin"), Robot(name="Juno"), {}, plan
        )
        self.alerts = Alerts(path, self.clock)
        self.deliveries = Deliveries(self.alerts.file, self.clock)
        self.boxes = {name: Box() for name in ("page", "robot", "email", "webhook", "mqtt")}
        self.reports = Recorder()
        self.coming: list[tuple[int, str]] = []
        self.courier = Courier(
            self.alerts,
            self.settings,
            self.boxes,
            self.clock,
            self.reports,
            lambda alert, by: self.coming.append((alert, by)),
        )
        self.running = asyncio.create_task(self.courier.run())

    def sent(self) -> dict[str, int]:
        return {name: len(box.sent) for name, box in self.boxes.items() if box.sent}

    async def end(self) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        self.alerts.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


@pytest.fixture
async def post(path: Path) -> AsyncIterator[Post]:
    post = Post(path)
    yield post
    await post.end()


async def test_an_emergency_goes_out_on_every_channel_at_once(post: Post) -> None:
    alert = post.alerts.raise_("emergency")
    await settle()
    assert post.sent() == {"page": 1, "robot": 1, "email": 1, "mqtt": 1}
    to, message = post.boxes["email"].sent[0]
    assert to == "amal@home.example"
    assert message.subject == "Help is needed now: Juno has heard an emergency at 16:20."
    assert "Place: Common room." in message.text
    assert not message.repetition
    told = post.reports.of(AlertDelivered)
    assert AlertDelivered(alert.id, "Amal", "mqtt") in told
    assert len(told) == 4
    assert post.deliveries.open() == ()


async def test_the_next_person_is_told_and_then_the_first_again(post: Post) -> None:
    alert = post.alerts.raise_("emergency")
    await post.clock.advance(59)
    assert post.boxes["webhook"].sent == []
    await post.clock.advance(2)
    assert [to for to, _ in post.boxes["webhook"].sent] == ["https://pager.example/bo"]
    assert "This is call 2." in post.boxes["webhook"].sent[0][1].text
    await post.clock.advance(60)
    assert post.sent() == {"page": 1, "robot": 1, "email": 2, "mqtt": 2, "webhook": 1}
    escalated = post.reports.of(AlertEscalated)
    assert escalated == [AlertEscalated(alert.id, 1, "Bo"), AlertEscalated(alert.id, 2, "Amal")]
    ids = [delivery.id for delivery in post.deliveries.of(alert.id)]
    assert len(set(ids)) == len(ids) == 7


async def test_who_comes_ends_it_everywhere(post: Post) -> None:
    alert = post.alerts.raise_("emergency")
    post.boxes["email"].fault = DeliveryError("the mail server is down")
    await settle()
    assert post.courier.calling
    post.alerts.acknowledge(alert.id, "Bo")
    await settle()
    assert post.reports.of(AlertAcknowledged) == [AlertAcknowledged(alert.id, "Bo")]
    assert post.coming == [(alert.id, "Bo")]
    assert not post.courier.calling
    before = post.sent()
    await post.clock.advance(600)
    assert post.sent() == before


async def test_somebody_at_the_command_line_counts_as_well(post: Post, path: Path) -> None:
    alert = post.alerts.raise_("emergency")
    await settle()
    other = Alerts(path, post.clock)
    other.acknowledge(alert.id, "Bo")
    other.close()
    await post.clock.advance(1.1)
    assert post.coming == [(alert.id, "Bo")]


@pytest.mark.parametrize("fault", [DeliveryError("no way"), TimeoutError(), ValueError("a bug")])
async def test_what_does_not_arrive_is_tried_for_ever_under_one_id(
    post: Post, fault: Exception
) -> None:
    post.boxes["mqtt"].fault = fault
    alert = post.alerts.raise_("emergency")
    await post.clock.advance(sum(BACK_OFF) + 0.5)
    tried = [message for _, message in post.boxes["mqtt"].sent]
    assert len(tried) == len(BACK_OFF) + 1
    assert len({message.id for message in tried}) == 1
    assert [message.repetition for message in tried] == [False] + [True] * len(BACK_OFF)
    await post.clock.advance(3600)
    tried = [message for _, message in post.boxes["mqtt"].sent]
    assert len(tried) >= 3600 / BACK_OFF[-1]
    assert len({message.id for message in tried}) == 1, "a call that waits is joined by another"
    post.boxes["mqtt"].fault = None
    await post.clock.advance(BACK_OFF[-1])
    assert AlertDelivered(alert.id, "Amal", "mqtt") in post.reports.of(AlertDelivered)


async def test_a_channel_that_hangs_holds_up_no_other(post: Post) -> None:
    async def hang(to: str, message: Message) -> None:
        await asyncio.Event().wait()

    post.boxes["email"].send = hang  # type: ignore[method-assign]
    post.alerts.raise_("emergency")
    await post.clock.advance(130)
    assert post.sent() == {"page": 1, "robot": 1, "mqtt": 2, "webhook": 1}
    assert SEND_SECONDS < 60


async def test_what_was_open_at_the_end_is_taken_up_as_a_possible_repetition(path: Path) -> None:
    clock = FakeClock()
    first = Post(path, clock=clock)
    first.boxes["email"].fault = asyncio.CancelledError()  # killed on the way
    first.alerts.raise_("emergency")
    await settle()
    (waiting,) = first.deliveries.open()
    await first.end()
    clock.start += timedelta(seconds=20)
    second = Post(path, clock=clock)
    await settle()
    assert second.sent() == {"email": 1}
    message = second.boxes["email"].sent[0][1]
    assert (message.id, message.repetition) == (waiting.id, True)
    assert "You may have had this message before" in message.text
    await clock.advance(38)
    assert second.boxes["webhook"].sent == []
    await clock.advance(3)
    assert len(second.boxes["webhook"].sent) == 1, "the minute went on while it was dead"
    await second.end()


async def test_a_clock_that_is_set_back_delays_nobody(post: Post) -> None:
    post.alerts.raise_("emergency")
    await settle()
    post.clock.start -= timedelta(hours=3)
    await post.clock.advance(61)
    assert len(post.boxes["webhook"].sent) == 1


async def test_an_abuse_disclosure_reaches_the_safeguarding_lead_alone(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    post.boxes["email"].fault = DeliveryError("the mail server is down")
    alert = post.alerts.raise_("abuse_disclosure", "anna")
    await post.clock.advance(1.5)
    post.boxes["email"].fault = None
    await post.clock.advance(600)
    assert set(post.sent()) == {"email"}
    assert {to for to, _ in post.boxes["email"].sent} == {"weber@home.example"}
    message = post.boxes["email"].sent[-1][1]
    assert message.subject == "A confidential message for the safeguarding lead."
    said = str(message.payload())
    assert not any(word in said for word in ("abuse", "anna", "Juno", "Common", alert.uid))
    assert post.reports.events == []
    assert [r for r in caplog.records if r.name.startswith(("robot", "dialogue"))] == []
    assert not post.courier.calling


async def test_a_note_is_sent_to_nobody(post: Post) -> None:
    post.alerts.raise_("medical_question")
    await post.clock.advance(600)
    assert post.sent() == {}


async def test_great_distress_tells_people_and_leaves_the_robot_calm(post: Post) -> None:
    for _ in range(3):
        post.alerts.raise_("distress", "anna")
    await settle()
    assert post.sent() == {"page": 1, "email": 1, "mqtt": 1}
    assert post.boxes["email"].sent[0][1].subject.startswith("Somebody is needed")


async def test_a_home_without_a_plan_has_page_and_robot(path: Path) -> None:
    post = Post(path, AlertPlan())
    post.alerts.raise_("emergency")
    post.alerts.raise_("abuse_disclosure")
    await post.clock.advance(600)
    assert post.sent() == {"page": 1, "robot": 1}
    await post.end()
    # When somebody is named, the disclosure that waits goes out.
    named = Post(path, PLAN, post.clock)
    await settle()
    assert [to for to, _ in named.boxes["email"].sent].count("weber@home.example") == 1
    await named.end()


async def test_somebody_who_is_no_longer_named_is_no_longer_told(path: Path) -> None:
    post = Post(path)
    post.boxes["email"].fault = DeliveryError("down")
    post.alerts.raise_("emergency")
    await settle()
    await post.end()
    later = Post(path, AlertPlan(people=(BO,)), post.clock)
    await later.clock.advance(59)
    assert later.sent() == {}
    await later.end()


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no file size limit here")
async def test_a_full_disk_keeps_no_call_from_going_out_and_floods_nobody(post: Post) -> None:
    post.boxes["email"].fault = DeliveryError("down")
    post.alerts.raise_("emergency")
    await settle()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        post.boxes["email"].fault = None
        await post.clock.advance(40)
        assert len(post.boxes["email"].sent) == 2
        assert post.boxes["email"].sent[1][1].repetition
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await post.clock.advance(25)
    assert len(post.boxes["email"].sent) == 2
    assert post.deliveries.open() == ()


async def test_two_programs_at_once_double_nothing_in_silence(path: Path) -> None:
    one = Post(path)
    two = Post(path, clock=one.clock)
    for _ in range(10):
        one.alerts.raise_("emergency")
    await one.clock.advance(90)
    for name in ("email", "webhook", "mqtt"):
        sent = [message for post in (one, two) for _, message in post.boxes[name].sent]
        assert len(sent) >= 10
        unmarked = [message.id for message in sent if not message.repetition]
        assert len(set(unmarked)) == len(unmarked)
    assert one.deliveries.open() == ()
    await one.end()
    await two.end()
