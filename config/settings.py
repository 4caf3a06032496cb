"""Every setting a home can change, validated before anything starts."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from config.alerts import AlertPlan
from config.consent import Consent
from config.files import ConfigError, Fault, Model, read_model

Language = Literal["en", "de", "fr", "it", "es", "nl"]
Meal = Literal["breakfast", "lunch", "coffee", "dinner"]
LANGUAGES: tuple[Language, ...] = ("en", "de", "fr", "it", "es", "nl")
CLOCK_TIME = r"^([01]\d|2[0-3]):[0-5]\d$"
GUEST = "guest"
"""The resident who may be anybody; nothing is remembered about a guest."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuietHours(_Settings):
    """Local times between which the robot does not speak first; they may go past midnight."""

    start: Annotated[str, Field(pattern=CLOCK_TIME)]
    end: Annotated[str, Field(pattern=CLOCK_TIME)]


class Home(_Settings):
    """config/home.yaml: the house."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    language: Language = "en"
    time_zone: str
    town: Annotated[str, Field(max_length=60)] = ""
    """Where the house stands, said when somebody asks where they are."""
    meals: dict[Meal, Annotated[str, Field(pattern=CLOCK_TIME)]] = {}
    """When there is breakfast, lunch, coffee and dinner, as local times such as "12:00"."""
    quiet_hours: QuietHours | None = None
    """When nobody is reminded, but of what may break them."""
    shift_changes: Annotated[
        tuple[Annotated[str, Field(pattern=CLOCK_TIME)], ...], Field(max_length=8)
    ] = ("06:00", "14:00", "22:00")
    """When a note tells what became of the reminders since the last change; empty for none."""
    repeat_after_days: Annotated[int, Field(ge=1, le=365)] = 14
    """So many days nothing is told again to the same person."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("not a time zone; write one such as Europe/Berlin")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.time_zone)

    def quiet_until(self, moment: datetime) -> datetime:
        """Return the end of the quiet hours a moment lies in, or the moment itself, in UTC."""
        if self.quiet_hours is None:
            return moment
        local = moment.astimezone(self.zone)
        start, end = (time.fromisoformat(t) for t in (self.quiet_hours.start, self.quiet_hours.end))
        at = local.time()
        over_midnight = start > end
        inside = (at >= start or at < end) if over_midnight else start <= at < end
        if not inside:
            return moment
        day = local.date() + timedelta(days=1 if over_midnight and at >= start else 0)
        return datetime.combine(day, end, self.zone).astimezone(UTC)


class Robot(_Settings):
    """config/robot.yaml: the robot, its ears and its loudspeaker."""

    driver: Literal["simulator", "null"] = "simulator"
    name: Annotated[str, Field(min_length=2, max_length=20, pattern=r"^[^\W\d_]+$")] = "Juno"
    audio: Literal["auto", "device", "browser"] = "auto"
    recogniser: Literal["auto", "vosk", "whisper"] = "auto"
    confidence: Annotated[float, Field(ge=0, le=1)] = 0.4
    """Heard with less than this, the robot asks again."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8765


class Resident(_Settings):
    """config/residents/*.yaml: how one person is listened and spoken to."""

    name: Annotated[str, Field(max_length=60)] = ""
    language: Language | None = None
    patience_ms: Annotated[int, Field(ge=300, le=5000)] = 1000
    """Silence after which the person has finished speaking, in ms."""
    silence_s: Annotated[int, Field(ge=5, le=120)] = 12
    """Silence after a question before the robot says it again, in seconds."""
    rate: Annotated[int, Field(ge=80, le=260)] = 160
    """Words a minute; 150 to 200 is comfortable."""
    pitch: Annotated[float, Field(ge=0.5, le=1.5)] = 1.0
    volume: Annotated[float, Field(ge=0.1, le=1.0)] = 0.8
    voice: str | None = None
    address: Annotated[str, Field(max_length=60)] = ""
    """What the robot calls the person, such as "Frau Berger"; otherwise the name."""
    form: Literal["sie", "du"] = "sie"
    """How the person is addressed in German."""
    gentle: bool = False
    """Gentler wording, for a person with dementia: shorter sentences, no tests of memory."""
    avoid: tuple[Annotated[str, Field(min_length=2, max_length=40)], ...] = ()
    """Topics or words the robot does not bring up."""
    room: Literal["private", "shared", "unknown"] = "unknown"
    """Whether the person is alone in their room unless somebody says otherwise."""
    consent: tuple[Consent, ...] = ()
    """What the robot may remember about the person; without it nothing."""


@dataclass(frozen=True)
class Settings:
    """All of it. `residents` by file name without ending; `guest` is always there."""

    home: Home
    robot: Robot
    residents: dict[str, Resident]
    alerts: AlertPlan = field(default_factory=AlertPlan)

    def language_of(self, resident: Resident) -> Language:
        """The person's language, or else the home's."""
        return resident.language or self.home.language


def load(folder: Path) -> Settings:
    """Read every file of the folder. Raises ConfigError with all faults of all files at once."""
    faults: list[Fault] = []

    def read(path: Path, model: type[Model]) -> Model | None:
        try:
            return read_model(path, model)
        except ConfigError as error:
            shown = str(path.relative_to(folder))
            faults.extend(Fault(shown, fault.line, fault.sentence) for fault in error.faults)
            return None

    home = read(folder / "home.yaml", Home)
    robot = read(folder / "robot.yaml", Robot)
    # Without the file, alerts reach the page and the robot.
    has_plan = (folder / "alerts.yaml").exists()
    plan = read(folder / "alerts.yaml", AlertPlan) if has_plan else AlertPlan()
    files = sorted((folder / "residents").glob("*.yaml"))
    residents = {path.stem: read(path, Resident) for path in files}
    if faults or home is None or robot is None or plan is None:
        raise ConfigError(faults)
    known = {name: resident for name, resident in residents.items() if resident is not None}
    if GUEST in known and known[GUEST].consent:
        sentence = "'consent' cannot stand here: a guest may be anybody; give the person a file."
        raise ConfigError([Fault(f"residents/{GUEST}.yaml", 1, sentence)])
    return Settings(home, robot, {GUEST: Resident(), **known}, plan)
