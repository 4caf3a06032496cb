"""Who is told when somebody needs a human, and by which ways: config/alerts.yaml."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

Name = Annotated[
    str, Field(min_length=1, max_length=40, pattern=r"^[^\W\d_][^\W_]*([ .'’-]+[^\W_]*)*$")
]
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:-]+$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Address = Annotated[str, Field(max_length=254, pattern=r"^[^\s@<>,]+@[^\s@<>,]+$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MailServer(_Part):
    """The mail server that takes the e-mails."""

    host: Host
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: Address
    user: str = ""
    password_file: Path | None = None


class Signing(_Part):
    """What every webhook is signed with."""

    secret_file: Path | None = None


class Broker(_Part):
    """The MQTT broker."""

    host: Host
    port: Port = 8883
    security: Literal["tls", "none"] = "tls"
    client_id: Annotated[str, Field(min_length=1, max_length=23, pattern=r"^[\w-]+$")] = "fireside"
    user: str = ""
    password_file: Path | None = None


class Contact(_Part):
    """A person by name, and where messages reach them."""

    name: Name
    email: Address | None = None
    webhook: (
        Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s/?#@]+([/?]\S*)?$")] | None
    ) = None
    mqtt: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^+#\s]+$")] | None = None
    """The topic."""

    def address(self, channel: str) -> str | None:
        """Where a channel reaches this person, or None."""
        addresses = {"email": self.email, "webhook": self.webhook, "mqtt": self.mqtt}
        return addresses.get(channel)


class AlertPlan(_Part):
    """All of it. Without the file alerts reach the page and the robot only."""

    place: Annotated[str, Field(max_length=80)] = ""
    """Where the robot stands, said in every alert."""
    escalate_after_s: Annotated[int, Field(ge=20, le=900)] = 60
    """Not acknowledged within this, the next person is told."""
    people: tuple[Contact, ...] = ()
    """In this order, and after the last one the first again."""
    safeguarding: Contact | None = None
    """The only person who hears of abuse."""
    email: MailServer | None = None
    webhook: Signing = Signing()
    mqtt: Broker | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The people who can say that they are coming."""
        return tuple(person.name for person in self.people)

    @field_validator("people")
    @classmethod
    def _each_once(cls, people: tuple[Contact, ...]) -> tuple[Contact, ...]:
        names = [person.name for person in people]
        if len(set(names)) < len(names):
            raise ValueError("somebody stands here twice; give each person a name of their own")
        return people

    @model_validator(mode="after")
    def _ways_exist(self) -> Self:
        contacts = [*self.people, *([self.safeguarding] if self.safeguarding else [])]
        for part, given in (("email", self.email), ("mqtt", self.mqtt)):
            told = [each.name for each in contacts if each.address(part)]
            if told and given is None:
                raise PydanticCustomError(
                    "missing_part",
                    "{name} is told by {part}, but no server is named; add '{part}' with its host",
                    {"name": told[0], "part": part},
                )
        return self
