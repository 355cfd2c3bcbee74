"""Each condition of a model's SQL with the values that it had for one person.

sqlglot reads where the conditions stand; of each step of the SQL (a CTE, a branch of a union, the last select) the
engine is asked which values its conditions compare and whether they hold, for the rows of the person or of the
household. These questions are asked beside the model: what it claims is never taken from them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp, parse_one

from warehouse.engines.engine import Engine, EngineError
from warehouse.engines.parameters import literal

SHOWN_ROWS = 3
LAST_STEP = "result"
_DIALECT = "duckdb"
_KEYS = ("person_key", "household_key")

Params = Mapping[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class Condition:
    """One condition of one step.

    `rows` of the person or household were looked at and `held` of them met it; `values` are what the first of those
    compared, by expression, or the first of all where none met it. `gives` is the level that a `when` gives, empty
    for a condition of `where` or `having`.
    """

    step: str
    text: str
    parameters: Mapping[str, Any]
    rows: int
    held: int
    values: list[Row]
    gives: str = ""


@dataclass(frozen=True)
class _Test:
    """A condition as it stands in a step; `after_grouping` where it is about groups."""

    condition: exp.Expr
    after_grouping: bool = False
    gives: str = ""


def conditions_of(engine: Engine, sql: str, params: Params, keys: Mapping[str, str | None]) -> list[Condition]:
    """The conditions of a model's SQL, in the order of its steps, for whom `keys` name (person_key, household_key).

    The engine must show the model's inputs. Steps that know neither key are judged over all their rows.
    """
    tree = parse_one(sql, read=_DIALECT)
    steps = tree.args.get("with_") or tree.args.get("with")
    head = f"{_literal_sql(steps, params)} " if steps is not None else ""
    return [
        _asked(engine, head, step, select, test, params, keys)
        for step, select in _steps(tree)
        for test in _tests(select)
    ]


def _steps(tree: exp.Expr) -> Iterator[tuple[str, exp.Select]]:
    for cte in tree.find_all(exp.CTE):
        yield from _branches(cte.alias, cte.this)
    yield from _branches(LAST_STEP, tree)


def _branches(step: str, query: exp.Expr) -> Iterator[tuple[str, exp.Select]]:
    """The selects of a query, and of those that it reads from in parentheses."""
    if isinstance(query, exp.SetOperation):
        branches = [branch for side in (query.left, query.right) for branch in _branches(step, side)]
        yield from branches
    elif isinstance(query, exp.Subquery):
        yield from _branches(step, query.this)
    elif isinstance(query, exp.Select):
        source = query.args.get("from_") or query.args.get("from")
        inner = [part for part in [source, *query.args.get("joins", [])] if part is not None]
        for part in inner:
            if isinstance(part.this, exp.Subquery):
                yield from _branches(step, part.this)
        yield step, query


def _tests(select: exp.Select) -> Iterator[_Test]:
    for name, after_grouping in (("where", False), ("having", True)):
        clause = select.args.get(name)
        if clause is not None:
            yield from (_Test(part, after_grouping) for part in _conjuncts(clause.this))
    for column in select.selects:
        if column.alias_or_name == "level" and isinstance(column.unalias(), exp.Case):
            for branch in column.unalias().args["ifs"]:
                yield _Test(branch.this, bool(select.args.get("group")), branch.args["true"].name)


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def _asked(
    engine: Engine,
    head: str,
    step: str,
    select: exp.Select,
    test: _Test,
    params: Params,
    keys: Mapping[str, str | None],
) -> Condition:
    terms = list(dict.fromkeys(_sql(term) for term in _terms(test.condition)))
    rows = _answers(engine, _question(head, select, test, terms, params, keys))
    held = [row for row in rows if row["holds"]]
    shown = (held or rows)[:SHOWN_ROWS]
    named = sorted({marker.name for marker in test.condition.find_all(exp.Placeholder)})
    return Condition(
        step=step,
        text=_sql(test.condition),
        parameters={name: params[name] for name in named},
        rows=len(rows),
        held=len(held),
        values=[{term: row[f"term_{at}"] for at, term in enumerate(terms)} for row in shown],
        gives=test.gives,
    )


def _answers(engine: Engine, question: str) -> list[Row]:
    try:
        rows: list[Row] = engine.query(question).to_pylist()
    except Exception as error:
        raise EngineError(f"cannot be asked: {question}") from error
    return rows


def _question(
    head: str,
    select: exp.Select,
    test: _Test,
    terms: list[str],
    params: Params,
    keys: Mapping[str, str | None],
) -> str:
    """SQL for the values of the terms and whether the condition holds, in the step's rows of whoever is asked about.

    `head` names the steps before.
    """
    asked = select.copy()
    own = {column.alias_or_name: column.unalias() for column in select.selects}
    known = [(name, own[name]) for name in _KEYS if name in own and keys.get(name) is not None]
    columns = [exp.alias_(parse_one(term, read=_DIALECT), f"term_{at}") for at, term in enumerate(terms)]
    columns += [exp.alias_(expression.copy(), name) for name, expression in known[:1]]
    asked.set("expressions", [*columns, exp.alias_(test.condition.copy(), "holds")])
    for clause in ("distinct", "qualify", "order", "with", "with_"):
        asked.set(clause, None)
    asked.set("having", None)
    if not test.after_grouping:
        asked.set("group", None)
        if not test.gives:
            asked.set("where", None)
    theirs = "".join(f" where {name} = {literal(keys[name])}" for name, _ in known[:1])
    return f"{head}select * from ({_literal_sql(asked, params)}) as asked{theirs}"


def _terms(condition: exp.Expr) -> Iterator[exp.Expr]:
    """What a condition compares, but for what is given: parameters and plain values."""
    if isinstance(condition, exp.Exists | exp.Subquery | exp.Select):
        return
    if isinstance(condition, exp.Connector | exp.Not | exp.Paren):
        for part in condition.iter_expressions():
            yield from _terms(part)
    elif isinstance(condition, exp.Between | exp.In | exp.Predicate) and not isinstance(condition, exp.Is):
        for side in condition.iter_expressions():
            if side.find(exp.Column) and not isinstance(side, exp.Subquery):
                yield side
    elif isinstance(condition, exp.Is):
        yield condition.this
    elif condition.find(exp.Column):
        yield condition


def _sql(expression: exp.Expr) -> str:
    """The expression as it stands in the model, with `:name` for parameters."""
    return _with_markers(expression, lambda name: exp.Var(this=f":{name}"))


def _literal_sql(expression: exp.Expr, params: Params) -> str:
    return _with_markers(expression, lambda name: exp.Var(this=literal(params[name])))


def _with_markers(expression: exp.Expr, written: Any) -> str:
    """The text of an expression, which stays as it is."""
    replaced = expression.transform(lambda node: written(node.name) if isinstance(node, exp.Placeholder) else node)
    text: str = replaced.sql(dialect=_DIALECT, normalize_functions=False)
    return text
