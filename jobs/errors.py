"""What can go wrong in a way that a person must act on."""


class ShouwangError(Exception):
    """Base of the errors whose message says who must do what; shown without a traceback."""


class SettingsError(ShouwangError):
    """The installation lacks a setting or key, or uses one it must not."""


class OtherPersonKeyError(ShouwangError):
    """The person key is not the one that the tables were made with."""


class UpgradeError(ShouwangError):
    """This version of the product cannot go on from what is there."""


class VaultKeyError(ShouwangError):
    """No key at hand opens what the vault holds."""


class DeliveryHeldError(ShouwangError):
    """A delivery is held whole: it breaks its manifest or contract, or is so unusual that a person must look.

    `zh` says the same to the department's clerk. `received` is the number of rows it holds, where
    they could be counted. Only what is merely unusual is `releasable`.
    """

    def __init__(self, message: str, zh: str, received: int | None = None, releasable: bool = False) -> None:
        super().__init__(message)
        self.zh = zh
        self.received = received
        self.releasable = releasable


class SampleError(ShouwangError):
    """A sample file cannot be read, so no contract can be drafted from it."""


class SourceError(ShouwangError):
    """A class cannot be read from its department's database."""


class SourceUnreachableError(SourceError):
    """A department's database does not answer; it may in a moment."""


class CaseServiceUnreachableError(ShouwangError):
    """The case service does not answer, or not as agreed; warnings stay in the outbox."""


class CaseServiceCommandError(ShouwangError):
    """A command of the case service did not do what it promises."""


class AlertsStandError(ShouwangError):
    """Something stands that operators must be told of."""


class OperatorsNotToldError(ShouwangError):
    """The operators' group does not take a message."""


class NothingDeliveredError(ShouwangError):
    """No department has delivered anything for the date."""


class TableError(ShouwangError):
    """There is no such table to show."""


class QueryError(ShouwangError):
    """The published file cannot be asked, or its rows not written, as wanted."""


class StoryError(ShouwangError):
    """There is no such warning or claim to tell of."""


class ReplayError(ShouwangError):
    """There is no such night to run again."""


class TrialError(ShouwangError):
    """A draft model cannot be tried as asked."""


class DemoError(ShouwangError):
    """Something that only a demo has was asked of an installation in earnest."""


class RankingError(ShouwangError):
    """A score cannot rank the queue."""


class BusyError(ShouwangError):
    """Another process has been doing the same for longer than anybody should wait."""


class DiskFullError(ShouwangError):
    """The disk filled up; nothing was committed by half."""


class CatalogLockedError(ShouwangError):
    """Another program keeps the warehouse's catalog locked; nothing was committed by half."""


class DamagedFileError(ShouwangError):
    """A file of the warehouse cannot be read."""


class WorkerKilledError(ShouwangError):
    """A process of the night was killed from outside; the night can be run again."""


class DecisionError(ShouwangError):
    """A held delivery cannot be decided on as asked."""


class DeliveriesHeldError(ShouwangError):
    """A department's deliveries are all dealt with, but some are held and wait for a person."""
