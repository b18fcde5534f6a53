"""The one exception a user should ever read."""


class LabError(Exception):
    """One clear sentence for a learner: what is wrong, with which file or value, and what to do next."""
