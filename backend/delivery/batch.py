"""One statement for many rows: arrays go in, and are read as the rows of a table `u`."""

from sqlalchemy import ARRAY, BigInteger, Float, String, TextClause, bindparam, text

_TYPES = {"bigint": BigInteger, "text": String, "double precision": Float}

# In the order of their ids, as everybody locks them who locks several.
LOCK = text(
    "SELECT id FROM deliveries WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"
).bindparams(bindparam("ids", type_=ARRAY(BigInteger)))


def batch(statement: str, **columns: str) -> TextClause:
    """Return `statement` with `{rows}` replaced by its arrays as the rows of a table `u`."""
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in columns.items())
    rows = f"unnest({arrays}) AS u({', '.join(columns)})"
    return text(statement.replace("{rows}", rows)).bindparams(
        *(bindparam(name, type_=ARRAY(_TYPES[kind])) for name, kind in columns.items())
    )
