"""The HTTP API: one router a room, over the services of `starter.service`."""
