"""Many finished work items in a journal, made from one that a host has really finished."""
import sqlite3


def multiply(host, count):
    """Adds `count` copies of the newest finished item to the journal of a host that is down, with ids of their own. They stand
    outside the audit chain, as items of an older certspan do."""
    with sqlite3.connect(host.directory / "data" / "journal.db") as database:
        newest, = database.execute("SELECT max(id) FROM done").fetchone()
        database.execute(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?2) "
            "INSERT INTO done SELECT id + n, epoch, state, key_hash, transaction_hash, serial_hash, key, body, sealed, NULL, NULL "
            "FROM done, numbers WHERE id = ?1", (newest, count))
        database.execute("UPDATE totals SET finished = finished + ?1, last_id = max(last_id, ?2)", (count, newest + count))
    database.close()
