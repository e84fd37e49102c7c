"""Recognize: revenue is posted by the same convergence that bills (`billing.converge`).

This module only knows when a deal has nothing left to earn.
"""

from workflows.desk import Desk


def is_fully_earned(desk: Desk) -> bool:
    """Whether everything the contract promised is delivered, billed and recognized."""
    return not desk.state.undelivered and desk.state.fully_billed and desk.state.fully_recognized
