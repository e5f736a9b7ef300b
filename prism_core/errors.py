"""Errors that say what was given, what is allowed and what to do."""


class PrismError(Exception):
    """Base of every error a user can mend; pages and commands catch this one only."""


class ConfigError(PrismError, ValueError):
    """A configuration has an unknown key or a value outside its range."""


class DataError(PrismError, ValueError):
    """An input file is missing, damaged or contradicts another one."""


class RunFormatError(PrismError, ValueError):
    """A run folder is incomplete, damaged or of an unknown schema version."""


class NotFittedError(PrismError):
    """A result was asked of something that has not been trained or computed yet."""


class TrainingError(PrismError):
    """Training cannot go on: the loss is no longer finite, or a process of the group is gone."""


class MissingExtraError(PrismError, ImportError):
    """An optional package or program is needed; the text says how to get it."""
