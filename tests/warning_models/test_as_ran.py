"""A model kept as text reads back as the very model that ran."""

import pytest

from warning_models.as_ran import as_text, from_text
from warning_models.loader import WarningModel, load_models

MODELS = load_models()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_a_model_reads_back_as_it_was(model: WarningModel) -> None:
    again = from_text(type(model), as_text(model), model.sql)
    assert again == model
    assert (again.lock_hash, again.hardship) == (model.lock_hash, model.hardship)
    for name, parameter in model.parameters.items():
        values = [value.value for value in again.parameters[name].values.values()]
        assert list(map(repr, values)) == [repr(value.value) for value in parameter.values.values()]
