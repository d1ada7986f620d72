"""What Ketaflow says when it declines: shown to the user as one sentence, never as a traceback.

    Refused                     12  a clinical rule forbids it
    ├── BadFile                 10  a file cannot be read or is not what it should be
    ├── OutsideEnvelope         11  outside what a model, protocol or instrument was made for
    └── DoesNotVerify           13  the record does not verify

Each stage derives its own, named for what happened, in the file that raises it.
"""


class Refused(Exception):
    """A clinical or operating rule forbids what was asked. The message says what to do instead."""

    exit_code = 12


class BadFile(Refused):
    """A file cannot be read or is not what it should be."""

    exit_code = 10


class OutsideEnvelope(Refused):
    """A value lies outside what a model, protocol or instrument was made for."""

    exit_code = 11


class DoesNotVerify(Refused):
    """The record does not verify."""

    exit_code = 13
