"""Bearer tokens over the API: made by an operator, shown once, revoked at once."""

from typing import Any


def test_an_operator_makes_a_token_that_works_and_revokes_it(world: Any) -> None:
    """Somebody added later can get in, and can be kept out again."""
    made = world.client.post("/v1/tokens", json={"person": "mia"}, headers=world.by("olga"))
    token = {"Authorization": f"Bearer {made.json()['token']}"}

    assert made.status_code == 201
    assert world.client.get("/v1/me", headers=token).json()["id"] == "mia"

    revoked = world.client.post(
        "/v1/tokens/revoke", json={"person": "mia"}, headers=world.by("olga")
    )

    assert revoked.json()["revoked"] >= 1
    assert world.client.get("/v1/me", headers=token).status_code == 401


def test_nobody_else_makes_tokens_and_nobody_makes_them_for_strangers(world: Any) -> None:
    """403 names the role, 404 the stranger."""
    refused = world.client.post("/v1/tokens", json={"person": "mia"}, headers=world.by("sam"))
    unknown = world.client.post("/v1/tokens", json={"person": "nobody"}, headers=world.by("olga"))

    assert refused.status_code == 403
    assert "operator" in refused.json()["detail"]
    assert unknown.status_code == 404
    assert "nobody" in unknown.json()["detail"]
