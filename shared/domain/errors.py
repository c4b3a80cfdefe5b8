"""Everything that Prorata raises on purpose, as one tree.

::

    ProrataError
    |-- OperationalError         try again later: the world was in the way, nothing is wrong with the request
    |   |-- StorageUnavailableError
    |   |-- BusyError            somebody else holds the work right now
    |   |   `-- MicrosoftBusyError        Microsoft is still working on the same thing (409)
    |   `-- MicrosoftUnavailableError     Microsoft did not answer, or answered 5xx
    |       `-- ThrottledError            Microsoft asks to wait (429): carries how long
    |-- ConflictError            the work is done already, or was done differently
    |   |-- AlreadyExistsError   insert of a key that is there (409)
    |   |-- ChangedError         the ETag moved, or the row went, since it was read (412)
    |   `-- StateError           the thing is not in a state that allows this step
    |       `-- NotConnectedError         there is no working connection to Microsoft: carries its state
    |-- InvalidError             the caller's input is wrong; the message names field, line and cure
    |   |-- NotFoundError        no such thing
    |   |   `-- MicrosoftNotFoundError    Microsoft has no such thing (404, 410); a MicrosoftRefusedError as well
    |   |-- LimitError           a limit of the store or of Prorata would be crossed
    |   |-- SourceFileError      a file of Microsoft's cannot be read at all
    |   |-- MicrosoftRefusedError         Microsoft refuses the request: carries its code
    |   |-- ForgedError          a webhook or link that does not prove where it comes from
    |   |-- PriceListError       a price list contradicts itself or cannot be read
    |   `-- PeriodError          dates that do not make a period
    `-- IntegrityError           our own books would be wrong: stop, park the customer, tell a person
        `-- CurrencyMismatchError

Problems that are *expected* in billing data (a missing price, an unknown charge type) are not in this tree: they
are values, see ``issues``. Adapters chain the cause (``raise ... from error``); no message carries a secret.
"""


class ProrataError(Exception):
    """Root of everything raised on purpose; catch it at an entry point, never inside."""


class OperationalError(ProrataError):
    """Raised when the world was in the way. Retry later with the same input."""


class StorageUnavailableError(OperationalError):
    """Raised when a store did not answer, is full or refuses service. Retry later."""


class BusyError(OperationalError):
    """Raised when another worker holds the same work. Retry later; it may be done by then."""


class MicrosoftBusyError(BusyError):
    """Raised when Microsoft still works on an earlier change of the same thing. Ask again later, with a new request."""


class MicrosoftUnavailableError(OperationalError):
    """Raised when Microsoft did not answer in time, or answered that it cannot now. Retry later."""


class ThrottledError(MicrosoftUnavailableError):
    """Raised when Microsoft asks to wait longer than a worker can. *retry_after_s* says how long, in seconds."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ConflictError(ProrataError):
    """Raised when the work exists already, or exists with other content. Read again, then decide."""


class AlreadyExistsError(ConflictError):
    """Raised by an insert of a key that is there. Usually means: somebody did this before."""


class ChangedError(ConflictError):
    """Raised when a row changed or vanished since it was read. Read it again and reapply."""


class StateError(ConflictError):
    """Raised when a thing is in a state that forbids the step. The message names state and cure."""


class NotConnectedError(StateError):
    """Raised when Microsoft does not accept who we are. *state* is the connection's state, the message its cure."""

    def __init__(self, message: str, *, state: str) -> None:
        super().__init__(message)
        self.state = state


class InvalidError(ProrataError):
    """Raised for input that can never work. The message names the field, where it stands, and the cure."""


class NotFoundError(InvalidError):
    """Raised when a named thing does not exist. Check the name."""


class LimitError(InvalidError):
    """Raised before a limit is crossed, so that nothing is half-written. Send less, or split."""


class SourceFileError(InvalidError):
    """Raised when a file of Microsoft's cannot be read at all: unknown family, damaged, cut off."""


class MicrosoftRefusedError(InvalidError):
    """Raised when Microsoft refuses a request for good: the message holds the code's meaning and its cure.

    *status* is HTTP's, *code* Microsoft's (as text, "" for none), *correlation_id* what their support asks for.
    """

    def __init__(self, message: str, *, status: int, code: str = "", correlation_id: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.correlation_id = status, code, correlation_id


class MicrosoftNotFoundError(NotFoundError, MicrosoftRefusedError):
    """Raised when Microsoft does not know a thing, no longer has it, or does not know it to be ours."""


class ForgedError(InvalidError):
    """Raised for a message that does not prove where it comes from. Nothing of it may be used."""


class PriceListError(InvalidError):
    """Raised when a price list cannot be read or contradicts itself. Nothing is priced from it."""


class PeriodError(InvalidError):
    """Raised for dates that do not make a period, or a part that lies outside its whole."""


class IntegrityError(ProrataError):
    """Raised when continuing would write wrong books. Park the customer and tell a person."""


class CurrencyMismatchError(IntegrityError):
    """Raised when amounts of two currencies would be mixed. Convert explicitly, with a rate and a date."""
