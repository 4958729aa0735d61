"""The error of the local stack; the user reads its message."""


class StackError(Exception):
    """
    The local stack cannot start or continue.

    The message is one sentence for the user: what happened, what to do, and the log file where there is one.
    """
