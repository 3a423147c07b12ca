"""Errors that the person at the keyboard can mend; everything else is our bug and shows its traceback."""


class UserError(Exception):
    """What happened, what was expected and what to do next, in one message without any child's value."""
