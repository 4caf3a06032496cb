"""What can go wrong with ears and voice, each with one sentence a person can act on."""


class VoicesError(Exception):
    """Base of all errors of ears and voice; its text says what is wrong and what to do."""


class DeviceError(VoicesError):
    """A microphone or loudspeaker is missing, busy or unplugged."""


class RecogniserError(VoicesError):
    """The recogniser cannot be loaded or has failed."""


class VoiceError(VoicesError):
    """A sentence could not be synthesised."""


class ModelError(VoicesError):
    """A model is missing, corrupt or unverified."""


class AudioFileError(VoicesError):
    """A sound file cannot be read."""
