"""What can go wrong in a simulation besides bad input."""

from models.errors import Q2CError


class SimulationError(Q2CError):
    """A simulation cannot go on; the message says which deal and what it waits for."""

    code = "simulation"
