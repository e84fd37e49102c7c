"""One module per technology that the activities use."""
