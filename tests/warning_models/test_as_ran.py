"""A model kept as text reads back as the very model that ran."""

import pytest

from warning_models.as_ran import as_text, from_text
from warning_models.loader import HelpModel, load_models

HELP = [model for model in load_models() if isinstance(model, HelpModel)]


@pytest.mark.parametrize("model", HELP, ids=lambda model: model.id)
def test_a_model_reads_back_as_it_was(model: HelpModel) -> None:
    again = from_text(as_text(model), model.sql)
    assert again == model
    assert (again.lock_hash, again.hardship) == (model.lock_hash, model.hardship)
    for name, parameter in model.parameters.items():
        values = [value.value for value in again.parameters[name].values.values()]
        assert list(map(repr, values)) == [repr(value.value) for value in parameter.values.values()]
