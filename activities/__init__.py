"""What touches the world: one idempotent step at a time, behind the names in `signatures`."""
