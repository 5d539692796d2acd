"""When a number may be contacted: pure rules, standard library only (shared rules of refusal)."""
