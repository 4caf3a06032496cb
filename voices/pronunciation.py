"""How words are said: espeak-ng's IPA, in the phones of the English acoustic model (ARPABET).

Sounds that English lacks become the nearest English ones, as an English ear would take them.
"""

from collections.abc import Iterable

from voices.espeak_library import Espeak

_WORDS_A_MINUTE = 450  # nobody hears it; fast is cheap
_PITCH = 50
_PHONES = {
    # vowels
    "iː": "IY", "i": "IY", "ɪ": "IH", "ᵻ": "IH", "e": "EY", "ɛ": "EH", "æ": "AE", "a": "AA",
    "ɑ": "AA", "ɒ": "AA", "ɔ": "AO", "o": "OW", "ʊ": "UH", "u": "UW", "ʌ": "AH", "ə": "AH",
    "ɐ": "AH", "ɜ": "ER", "ɚ": "ER", "ɝ": "ER", "y": "UW", "ʏ": "UH", "ø": "ER", "œ": "ER",
    "ɵ": "UH", "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "ɛɪ": "EY", "oʊ": "OW", "əʊ": "OW",
    "ɔɪ": "OY", "ɔø": "OY", "ɔʏ": "OY", "œy": "AW", "ʌu": "AW", "ɑ̃": "AA N", "ɔ̃": "AO N",
    "ɛ̃": "AE N", "œ̃": "AH N", "ɔː": "AO", "ɪə": "IH R", "ɛə": "EH R", "ʊə": "UH R",
    # consonants
    "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "ɡ": "G", "f": "F", "v": "V", "s": "S",
    "z": "Z", "ʃ": "SH", "ʒ": "ZH", "tʃ": "CH", "dʒ": "JH", "θ": "TH", "ð": "DH", "h": "HH",
    "ɦ": "HH", "x": "HH", "χ": "HH", "ç": "SH", "ɣ": "G", "m": "M", "n": "N", "ŋ": "NG",
    "ɲ": "N Y", "l": "L", "ɫ": "L", "ʎ": "L Y", "ɹ": "R", "r": "R", "ʁ": "R", "ʀ": "R",
    "ɾ": "D", "w": "W", "ɥ": "W", "j": "Y", "ʝ": "Y", "β": "B", "ʋ": "V",
}  # fmt: skip
_LONGEST = max(map(len, _PHONES))


def arpabet(ipa: str) -> str:
    """Return ARPABET phones, separated by spaces, for IPA; marks of stress and length go."""
    phones, at = [], 0
    while at < len(ipa):
        for length in range(_LONGEST, 0, -1):
            if phone := _PHONES.get(ipa[at : at + length]):
                phones.append(phone)
                at += length - 1
                break
        at += 1
    return " ".join(phones)


def pronounce(phrases: Iterable[str], voice: str) -> dict[str, str]:
    """Return each phrase's ARPABET phones as that espeak-ng voice says it. Raises VoiceError."""
    espeak = Espeak()
    said = {}
    for phrase in dict.fromkeys(phrases):
        phonemes = espeak.speak(phrase, voice, _WORDS_A_MINUTE, _PITCH).phonemes
        said[phrase] = arpabet("".join(ipa for _, ipa in phonemes))
    return said
