"""The stages of a deal: what each does when the deal enters it, and what it answers to messages."""
