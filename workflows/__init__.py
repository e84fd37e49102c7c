"""In what order things happen, and how long we wait. No arithmetic on money, no input or output."""
