"""Statements of the hot path: SQLAlchemy composes each once, and then the driver alone runs it.

What SQLAlchemy does anew for every execution costs more than SQLite's own work, and a sign-in has five statements.
Types, parameter styles and errors stay SQLAlchemy's.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any] | None


class Prepared:
    """One statement. Every value must be named in the call; an insert's values are the table's columns."""

    def __init__(self, statement: Select[Any] | Insert) -> None:
        self._statement = statement
        self._composed: dict[str, _Composed] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Within the transaction of *connection*."""
        self._execute(connection, values).close()

    def one_or_none(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The first row, with its columns by name."""
        cursor = self._execute(connection, values)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else self._compose(connection.dialect).row(row)

    def _execute(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        composed = self._compose(connection.dialect)
        parameters = composed.parameters(values)
        driver = connection.connection
        cursor = driver.cursor()
        dialect = connection.dialect
        try:
            cursor.execute(composed.text, parameters)
        except dialect.loaded_dbapi.Error as error:
            lost = dialect.is_disconnect(error, driver, cursor)
            if lost:
                connection.invalidate(error)
            raise DBAPIError.instance(
                composed.text,
                None,
                error,
                dialect.loaded_dbapi.Error,
                hide_parameters=True,
                connection_invalidated=lost,
                dialect=dialect,
            ) from error
        return cursor

    def _compose(self, dialect: Dialect) -> "_Composed":
        composed = self._composed.get(dialect.name)
        if composed is None:
            composed = self._composed[dialect.name] = _Composed(self._statement, dialect)
        return composed


class _Composed:
    """A statement as one kind of database takes it."""

    def __init__(self, statement: Select[Any] | Insert, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._binds: list[tuple[str, Convert]] = [
            (name, _impl(compiled.binds[name].type, dialect).bind_processor(dialect)) for name in compiled.positiontup
        ]
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        self._results: list[Convert] = [
            _impl(column.type, dialect).result_processor(dialect, None) for column in columns
        ]
        self._row = namedtuple("Row", [column.name for column in columns])  # type: ignore[misc]  # noqa: PYI024

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        return [values[name] if convert is None else convert(values[name]) for name, convert in self._binds]

    def row(self, row: Any) -> Any:
        converted = (
            value if convert is None else convert(value) for value, convert in zip(row, self._results, strict=True)
        )
        return self._row(*converted)


def _impl(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)
