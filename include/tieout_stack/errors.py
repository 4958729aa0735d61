"""The one error of the local stack: its message is what the user reads."""


class StackError(Exception):
    """
    The local stack cannot start or go on.

    The message is one sentence for the user: what happened, what to do, and the log file where there is one.
    """
