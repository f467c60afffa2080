"""What the page of a path says, in Chinese."""

__all__ = ["TABLE"]

TABLE = {
    "{count} rows": "{count} 行",
}
