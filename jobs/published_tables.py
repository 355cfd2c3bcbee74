"""Which tables analysts get. The vault and the quarantine are not among them."""

from warehouse.definitions import TableDefinition, definition, layer_definitions

PUBLISHED_LAYERS = ("dwd", "dws", "ads")
# What visits found, and which delivery brought a row.
PUBLISHED_BESIDE = ("ods.case_outcome", "ops.delivery")


def published_tables() -> list[TableDefinition]:
    """The tables that analysts get."""
    layers = [table for layer in PUBLISHED_LAYERS for table in layer_definitions(layer).values()]
    return [*layers, *map(definition, PUBLISHED_BESIDE)]
