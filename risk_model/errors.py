"""Errors that the person at the keyboard can mend; everything else is our bug and shows its traceback."""


class UserError(Exception):
    """What happened, what was expected and what to do next, in one message without any child's value."""

    exit_code = 2


class FindingError(UserError):
    """The command was right and found something that a person must look at first."""

    exit_code = 1


class PurposeRefused(UserError):  # noqa: N818 (a refusal is the right answer here, not a failure)
    """A join or a feature would use a column for a purpose that its contract does not give it."""
