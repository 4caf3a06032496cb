"""`fireside check`: every file a person can write, and every sentence the robot can say."""

import random
from collections.abc import Iterator

import typer
from rich.table import Table

from config.clock import SystemClock
from config.consent import Consent
from config.files import ConfigError
from config.paths import CONFIG
from config.reminders import FOLDER, load_reminders
from config.settings import LANGUAGES, Settings
from dialogue import wording
from dialogue.flow_files import FULL
from dialogue.flows import Flows
from dialogue.keywords import Keywords
from dialogue.memory.asked import read_files
from dialogue.phrasebook import KEYS, PHRASES, Phrasebook
from dialogue.reading import Measured, measure, reading_ease
from dialogue.reminders.agenda import read_calendars
from dialogue.rotation import IN_MEMORY, Rotation
from robot.commands.alerts import show_plan
from robot.commands.console import CANNOT_START, errors, output, settings_or_exit

PLAIN = 60.0
"""The reading ease a flow must have at least: plain language (Flesch 1948)."""


def check() -> None:
    """Read every file and say what is wrong, in which line, and how to mend it.

    Then measure every sentence the robot can say: short, one question at a time, plain.
    """
    settings = settings_or_exit()
    home, robot = settings.home, settings.robot
    output.print(f"{CONFIG} is valid.", soft_wrap=True)
    output.print(f"Home: {home.name}, {home.language}, {home.time_zone}.", markup=False)
    output.print(
        f"Robot: {robot.name}, driver {robot.driver}, sound {robot.audio}, hears with "
        f"{robot.recogniser}, asks again below {robot.confidence:.0%} confidence.",
        markup=False,
        soft_wrap=True,
    )
    for name, resident in sorted(settings.residents.items()):
        output.print(
            f"Resident {name}: {settings.language_of(resident)}, waits {resident.patience_ms} ms, "
            f"{resident.rate} words a minute, volume {resident.volume:.0%}.",
            markup=False,
            soft_wrap=True,
        )
        for consent in resident.consent:
            output.print(f"  {_consented(consent)}", markup=False, soft_wrap=True)
    show_plan(settings)
    wrong = list(_reminders(settings))
    flows, book = _words_or_exit()
    output.print(_table(flows, book))
    hard = [*wrong, *_hard(flows)]
    for sentence in hard:
        errors.print(sentence, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(1 if hard else 0)


def _reminders(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with the files of reminders, and with the sentences in them."""
    found, faults = load_reminders(CONFIG / FOLDER)
    yield from map(str, faults)
    calendars, refused = read_calendars(CONFIG / FOLDER, settings.home.zone)
    yield from map(str, refused)
    for name, reminders in calendars.items():
        output.print(f"Reminders of {name} from calendars: {len(reminders)}.", markup=False)
        if name not in settings.residents:
            yield f"{FOLDER}/{name}/: there is no resident of that name; rename the folder."
    for name, reminders in found.items():
        output.print(f"Reminders of {name}: {len(reminders)}.", markup=False)
        resident = settings.residents.get(name)
        if resident is None:
            yield f"{FOLDER}/{name}.yaml: there is no resident of that name; rename the file."
            continue
        language = settings.language_of(resident)
        for key, reminder in reminders.items():
            for text in filter(None, (reminder.say, reminder.ask, reminder.in_company)):
                for fault in _said(text, language, resident.form == "du"):
                    yield f"{FOLDER}/{name}.yaml, {key}: in '{text}' {fault}."


def _said(text: str, language: str, familiar: bool) -> Iterator[str]:
    try:
        sentences = wording.sentences(text)
    except ValueError as error:
        yield str(error)
        return
    for sentence in sentences:
        yield from wording.faults(sentence, language, familiar)


def _consented(consent: Consent) -> str:
    """Return what a person has decided, and what is to be done about it."""
    if not consent.given:
        return f"Remembers nothing of {consent.purpose}: {consent.by} said no."
    until = f"until {consent.review}, by {consent.by}"
    if consent.review is not None and consent.review < SystemClock().now().date():
        return f"Remembers nothing of {consent.purpose}: allowed {until}; ask again."
    return f"May remember {consent.purpose} {until}."


def _words_or_exit() -> tuple[Flows, Phrasebook]:
    try:
        flows = Flows.load(core_keys=KEYS)
        Keywords.load(flows=flows)
        read_files()
        rotation = Rotation(IN_MEMORY, SystemClock(), random.Random(), days=1)
        return flows, Phrasebook.load(PHRASES, rotation, flows.all)
    except ConfigError as error:
        for fault in error.faults:
            errors.print(str(fault), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(CANNOT_START) from error


def _table(flows: Flows, book: Phrasebook) -> Table:
    table = Table(
        *("language", "intents", "flows", "sentences", "words", "longest", "ease", "gentle", "du"),
        title=f"What the robot can say: {len(flows.begins)} intents, {len(flows.all)} flows",
    )
    for language in LANGUAGES:
        variants = [variant for _, variant in book.every(language)]
        measured = measure((p.text for v in variants for p in v.phrases), language)
        gentle = sum(variant.gentle for variant in variants) / len(variants)
        familiar = sum(variant.familiar != variant.phrases for variant in variants)
        table.add_row(
            language,
            str(len(flows.intents(language))),
            str(len(flows.all) if language in FULL else 1),
            *_cells(measured),
            f"{gentle:.0%}",
            str(familiar) if language == "de" else "",
        )
    return table


def _cells(measured: Measured) -> tuple[str, str, str, str]:
    ease = "" if measured.ease is None else f"{measured.ease:.0f}"
    return str(measured.sentences), f"{measured.words:.1f}", str(measured.longest), ease


def _hard(flows: Flows) -> Iterator[str]:
    for name, flow in flows.all.items():
        for language in FULL:
            sentences = [p.text for v in flow.variants(language) for p in v.phrases]
            ease = reading_ease(sentences, language)
            if ease is not None and ease < PLAIN:
                yield (
                    f"flows/{name}.yaml: reading ease {ease:.0f} in {language}, plain language has "
                    f"{PLAIN:.0f}; use shorter words."
                )
