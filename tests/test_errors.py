"""Errors: one root, and an exit code for each kind."""

import inspect

from geo import errors


def test_every_error_has_one_root_and_the_exit_code_that_is_listed():
    kinds = dict(inspect.getmembers(errors, inspect.isclass))
    kinds.pop("TrochaError")

    assert all(issubclass(kind, errors.TrochaError) for kind in kinds.values())
    for name in ("ConfigError", "InputError", "PrivacyError", "StoreError"):
        assert f"{name}" in errors.__doc__
        assert str(kinds[name].exit_code) in errors.__doc__


def test_a_hint_follows_the_message():
    error = errors.InputError("walk.csv is empty.", hint="Export it again.")

    assert str(error) == "walk.csv is empty. Export it again."
    assert str(errors.InputError("walk.csv is empty.")) == "walk.csv is empty."
