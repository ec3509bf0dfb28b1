"""Record a session with an HTTP service, with invented people in place of real ones, and play it back."""

from lgsp.recording.cleaning import Cleaner, RawExchange, RawMessage
from lgsp.recording.playback import Playback
from lgsp.recording.proxy import RecordingProxy, Upstream
from lgsp.recording.pseudonyms import Pseudonyms
from lgsp.recording.tape import Body, Exchange, Tape, load, save

__all__ = [
    "Body",
    "Cleaner",
    "Exchange",
    "Playback",
    "Pseudonyms",
    "RawExchange",
    "RawMessage",
    "RecordingProxy",
    "Tape",
    "Upstream",
    "load",
    "save",
]
