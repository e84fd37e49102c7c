"""What is true, and what follows from it: pure values and rules.

No clock, no randomness, no input or output, no Temporal. Every function here gives the same answer
for the same arguments, so the workflow, the activities, the simulation and the tests share it.
"""
