"""What is asked of the reminders, and what is to be remembered in the robot's words."""

from datetime import date, datetime, time

import pytest

from dialogue.reminders.spoken.wishes import about_medicines, wished

NOW = datetime.combine(date(2026, 11, 27), time(10, 20))


@pytest.mark.parametrize(
    ("language", "text", "shape", "what"),
    [
        ("en", "remind me to call anna at four", "verb", "call anna"),
        ("en", "can you remind me to water my flowers every tuesday at ten", "verb",
         "water your flowers"),
        ("en", "please remind me tomorrow at nine that my daughter is coming", "clause",
         "your daughter is coming"),
        ("en", "remind me about the hairdresser on friday at half past two", "noun",
         "the hairdresser"),
        ("en", "don't let me forget to feed the cat at six", "verb", "feed the cat"),
        ("en", "set a reminder for three o'clock to phone my sister", "verb", "phone your sister"),
        ("en", "remind me that i have to post the letter at noon", "verb", "post the letter"),
        ("en", "wake me at seven tomorrow", "wake", ""),
        ("de", "erinnere mich um vier an den arzt", "noun", "den arzt"),
        ("de", "kannst du mich morgen um zehn daran erinnern anna anzurufen", "verb",
         "anna anrufen"),
        ("de", "erinnern sie mich bitte jeden dienstag um drei daran die blumen zu gießen", "verb",
         "die blumen gießen"),
        ("de", "erinner mich dran dass ich um halb fünf meine tochter anrufen soll", "verb",
         "Ihre tochter anrufen"),
        ("de", "bitte erinnere mich daran dass ich meine schwester anrufe morgen nachmittag",
         "verb", "Ihre schwester anrufen"),
        ("de", "erinnere mich am freitag um zwei dass meine tochter kommt", "clause",
         "Ihre tochter kommt"),
        ("de", "können sie mich in einer halben stunde an den kuchen erinnern", "noun",
         "den kuchen"),
        ("de", "weck mich morgen um sieben", "wake", ""),
        ("de", "stell mir einen wecker auf halb sieben", "wake", ""),
    ],
)  # fmt: skip
def test_what_is_to_be_remembered(language: str, text: str, shape: str, what: str) -> None:
    wish = wished(text, language, NOW, familiar=False)
    assert wish is not None
    assert wish.kind == "add"
    assert wish.wanted is not None
    assert (wish.wanted.shape, wish.wanted.what) == (shape, what)


def test_du_is_said_to_those_who_chose_it() -> None:
    wish = wished("erinnere mich um vier an meine tochter", "de", NOW, familiar=True)
    assert wish is not None
    assert wish.wanted is not None
    assert wish.wanted.what == "deine tochter"


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [
        ("en", "what reminders do i have", "list"),
        ("en", "what's planned for today", "list"),
        ("en", "did i miss anything", "missed"),
        ("en", "what did i miss today", "missed"),
        ("en", "cancel the reminder to call anna", "cancel"),
        ("en", "don't remind me any more", "cancel"),
        ("de", "was steht heute an", "list"),
        ("de", "welche erinnerungen habe ich", "list"),
        ("de", "hab ich was verpasst", "missed"),
        ("de", "lösch die erinnerung an den arzt", "cancel"),
    ],
)
def test_what_else_is_asked(language: str, text: str, kind: str) -> None:
    wish = wished(text, language, NOW, familiar=False)
    assert wish is not None
    assert wish.kind == kind


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "you remind me of my son"),
        ("en", "that reminds me of a song"),
        ("en", "remind me of your name"),
        ("en", "i remember my wedding"),
        ("en", "my sister called me at four"),
        ("de", "das erinnert mich an früher"),
        ("de", "ich erinnere mich gern daran"),
        ("de", "daran kann ich mich nicht mehr erinnern"),
        ("de", "um vier war ich beim arzt"),
        ("fr", "rappelle moi à quatre heures"),
    ],
)
def test_what_is_no_wish(language: str, text: str) -> None:
    assert wished(text, language, NOW, familiar=False) is None


@pytest.mark.parametrize(
    ("language", "text", "is_it"),
    [
        ("en", "to take my tablets", True),
        ("en", "to call anna", False),
        ("de", "an meine tabletten", True),
        ("de", "an den chor", False),
    ],
)
def test_medicines_are_known(language: str, text: str, is_it: bool) -> None:
    assert about_medicines(text, language) is is_it
