"""What can go wrong in a way that a person must act on."""


class ShouwangError(Exception):
    """Base of the errors whose message says who must do what; shown without a traceback."""


class SettingsError(ShouwangError):
    """The installation lacks a setting or key, or uses one it must not."""


class DeliveryHeldError(ShouwangError):
    """A delivery does not match its manifest or contract and is held whole.

    `zh` says the same to the department's clerk. `received` is the number of rows it holds, where
    they could be counted.
    """

    def __init__(self, message: str, zh: str, received: int | None = None) -> None:
        super().__init__(message)
        self.zh = zh
        self.received = received


class CaseServiceUnreachableError(ShouwangError):
    """The case service does not answer; warnings stay in the outbox."""


class NothingDeliveredError(ShouwangError):
    """No department has delivered anything for the date."""


class DeliveriesHeldError(ShouwangError):
    """A department's deliveries are all dealt with, but some are held and wait for a person."""
