"""The composition root: the only file that names concrete parts.

Everything is opened on one exit stack, so shutting down mirrors starting up.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from config.clock import Clock, SystemClock
from config.paths import MODELS, STATE
from config.settings import Resident, Settings
from dialogue.alerts import Alerts
from dialogue.answers import Answers
from dialogue.care import Care
from dialogue.conversation import Conversation
from dialogue.decisions import Dialogue
from dialogue.events import EngineChanged, Publish
from dialogue.fallback import FallbackDialogue
from dialogue.keywords import KeywordDialogue, Keywords
from dialogue.loudspeakers import BodySpeaker, FileSpeaker, SoundCardWithFace
from dialogue.person import Person
from dialogue.phrasebook import Phrasebook
from dialogue.rasa_client import RasaDialogue
from dialogue.rasa_process import RasaProcess
from dialogue.replies import Utterance
from dialogue.safety import Safety
from dialogue.telling import Telling, Unspoken
from dialogue.training import trained_model
from dialogue.turn import Turn
from dialogue.words import Words
from robot.body import Body
from robot.drivers import load_driver
from voices.ears import Ears, recognise
from voices.endpointer import Endpointer, SileroVoiceActivity
from voices.hearing import Guess, Microphone, Recogniser
from voices.speaking import Speaker
from voices.synthesis import Synthesis

log = logging.getLogger(__name__)
