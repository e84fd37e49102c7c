"""Pages for people without an account, as HTML that needs no script and nothing from elsewhere."""
