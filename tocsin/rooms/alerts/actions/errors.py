"""What can go wrong with alerts.

AlertError
├── StepNotPossible   the alert is in a state from which this does not lead on
├── ReasonMissing     the step needs a reason
├── NotTheirs         the person chosen may not work on this alert
├── NothingToDo       none of many alerts allows the step
├── NewerGroupOpen    a later alert of the same group is open: work goes on there
└── NotSuppressed     a suppression cannot be so: no such rule, too long, there already, or over
"""

from __future__ import annotations


class AlertError(Exception):
    """Something about an alert cannot be done; the message says what to do instead."""


class StepNotPossible(AlertError):
    """The alert is in a state from which this step does not lead on."""


class ReasonMissing(AlertError):
    """The step needs a reason."""


class NotTheirs(AlertError):
    """The person chosen may not work on this alert."""


class NothingToDo(AlertError):
    """None of many alerts allows the step."""


class NewerGroupOpen(AlertError):
    """A later alert of the same group is open."""


class NotSuppressed(AlertError):
    """A suppression cannot be made, prolonged or lifted like this."""
