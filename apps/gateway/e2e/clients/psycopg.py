"""What Python programs do with psycopg2, as a transcript: one line for each thing seen. Reads the PG* environment."""
import io
import select
import threading

import psycopg2
import psycopg2.extensions
import psycopg2.extras


def plain(value):
    """Without addresses of objects: bytea comes as a view of memory."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, (list, tuple)):
        return type(value)(plain(one) for one in value)
    return value


def say(what, value=None):
    print(f"{what}: {plain(value)!r}")


def attempt(what, work):
    try:
        say(what, work())
    except psycopg2.Error as error:
        d = error.diag
        say(what, [type(error).__name__, error.pgcode, d.severity, d.message_primary, d.message_detail, d.message_hint, d.schema_name, d.table_name, d.column_name, d.constraint_name, d.statement_position])


def rows(cursor, text, arguments=None):
    cursor.execute(text, arguments)
    described = None if cursor.description is None else [(c.name, c.type_code, c.internal_size, c.precision, c.scale) for c in cursor.description]
    return cursor.statusmessage, cursor.rowcount, described, None if cursor.description is None else cursor.fetchall()


def basics(connection):
    cursor = connection.cursor()
    attempt("types", lambda: rows(cursor, "select * from shapes.types order by id"))
    attempt("arguments", lambda: rows(cursor, "select %s::int, %s::text, %s::bytea, %s::text[], %s::date", (1, "a'b\\", b"\x00\xff", ["x", None], "2026-01-02")))
    attempt("several", lambda: rows(cursor, "select 1; select 2 as two"))
    attempt("empty", lambda: rows(cursor, ";"))
    attempt("empty alone", lambda: rows(cursor, ""))
    say("status", connection.info.transaction_status)
    attempt("error", lambda: rows(cursor, "select * from nowhere"))
    say("status", connection.info.transaction_status)
    attempt("in failed transaction", lambda: rows(cursor, "select 1"))
    connection.rollback()
    say("status", connection.info.transaction_status)
    attempt("unique", lambda: rows(cursor, "insert into shapes.items (name) values ('item 1')"))
    connection.rollback()
    attempt("notice", lambda: rows(cursor, "update shapes.items set name = 'python' where id = 9"))
    say("notices", connection.notices)
    attempt("returning", lambda: rows(cursor, "insert into shapes.items (name) values (%s) returning id, price", ("py",)))
    connection.commit()
    cursor.executemany("insert into shapes.items (name, price) values (%s, %s)", [(f"many {n}", n) for n in range(20)])
    psycopg2.extras.execute_values(cursor, "insert into shapes.items (name, price) values %s", [(f"values {n}", n) for n in range(150)])
    connection.commit()
    attempt("count", lambda: rows(cursor, "select count(*), sum(price) from shapes.items"))
    attempt("callproc", lambda: (cursor.callproc("shapes.add", (2, 3)), cursor.fetchall()))
    connection.commit()


def cursors(connection):
    with connection.cursor(name="named") as cursor:
        cursor.itersize = 11
        cursor.execute("select id, name from shapes.items where id < 60 order by id")
        say("named", [row for row in cursor])
    with connection.cursor(name="scrolling", scrollable=True) as cursor:
        cursor.execute("select id from shapes.items order by id")
        say("fetchmany", cursor.fetchmany(4))
        cursor.scroll(-2)
        say("after scroll", cursor.fetchmany(2))
    connection.commit()
    with connection.cursor(name="held", withhold=True) as cursor:
        cursor.execute("select id from shapes.items order by id desc")
        connection.commit()
        say("held", cursor.fetchmany(3))
    connection.commit()


def copies(connection):
    cursor = connection.cursor()
    out = io.StringIO()
    cursor.copy_expert("copy (select * from shapes.types order by id) to stdout with (format csv, header)", out)
    say("copy out", out.getvalue())
    binary = io.BytesIO()
    cursor.copy_expert("copy (select id, num, t, bytes from shapes.types order by id) to stdout with (format binary)", binary)
    say("copy binary", binary.getvalue())
    cursor.execute("create temp table copied (id int, num numeric, t text, bytes bytea)")
    binary.seek(0)
    cursor.copy_expert("copy copied from stdin with (format binary)", binary)
    say("copied", rows(cursor, "select * from copied order by id"))
    attempt("bad copy", lambda: cursor.copy_expert("copy copied from stdin", io.StringIO("x\t1\ta\t\\\\x00\n")))
    connection.rollback()

    def broken():
        class Broken(io.StringIO):
            def read(self, size=-1):
                raise ValueError("the program failed while it sent")
        cursor.copy_expert("copy shapes.items (name) from stdin", Broken())
    try:
        broken()
    except (psycopg2.Error, ValueError) as error:
        say("broken copy", [type(error).__name__, getattr(error, "pgcode", None)])
    connection.rollback()
    say("alive", rows(cursor, "select 1"))
    connection.commit()


def transactions(connection):
    cursor = connection.cursor()
    connection.set_session(isolation_level="SERIALIZABLE", readonly=True, deferrable=True)
    attempt("level", lambda: rows(cursor, "show transaction_isolation"))
    attempt("read only", lambda: rows(cursor, "insert into shapes.items (name) values ('no')"))
    connection.rollback()
    connection.set_session(isolation_level="DEFAULT", readonly=False, deferrable=False)
    with connection:
        cursor.execute("savepoint a")
        attempt("in savepoint", lambda: rows(cursor, "select 1/0"))
        cursor.execute("rollback to a")
        attempt("after savepoint", lambda: rows(cursor, "select 2"))
    connection.tpc_begin(connection.xid(1, "gtrid", "bqual"))
    # Two-phase commit is off at the target, and stays unfinished: the connection is closed.
    attempt("prepared transactions", lambda: connection.tpc_prepare())


def asides(connection):
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("listen channel")
    cursor.execute("notify channel, 'payload'")
    if not connection.notifies:
        select.select([connection], [], [], 5)
        connection.poll()
    say("notified", [(n.channel, n.payload) for n in connection.notifies])
    say("parameters", [(n, connection.get_parameter_status(n)) for n in ("server_version", "client_encoding", "DateStyle", "TimeZone", "standard_conforming_strings", "is_superuser", "integer_datetimes", "IntervalStyle", "application_name")])
    cursor.execute("set timezone = 'Asia/Kolkata'")
    say("changed", connection.get_parameter_status("TimeZone"))
    cursor.execute("reset timezone")
    threading.Timer(0.5, connection.cancel).start()
    attempt("cancelled", lambda: rows(cursor, "select pg_sleep(20)"))
    attempt("timeout", lambda: rows(cursor, "set statement_timeout = 100; select pg_sleep(20)"))
    attempt("alive", lambda: rows(cursor, "reset statement_timeout; select 'alive'"))
    big = "x" * 900_000
    attempt("large", lambda: len(rows(cursor, "select %s || 'y'", (big,))[3][0][0]))


for part in (basics, cursors, copies, transactions, asides):
    print(f"--- {part.__name__}")
    connection = psycopg2.connect("")
    part(connection)
    connection.close()
