import java.io.StringReader;
import java.io.StringWriter;
import java.sql.*;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;

/** What Java programs do through JDBC, as a transcript on standard output. Arguments: url user password. */
public class Differential {
  static Connection connection;

  interface Work { Object run() throws Exception; }

  static void attempt(String what, Work work) {
    try {
      System.out.println(what + ": " + work.run());
    } catch (BatchUpdateException e) {
      System.out.println(what + ": batch " + e.getSQLState() + " " + java.util.Arrays.toString(e.getUpdateCounts()) + " " + e.getMessage());
    } catch (SQLException e) {
      System.out.println(what + ": " + e.getSQLState() + " " + e.getMessage());
    } catch (Exception e) {
      System.out.println(what + ": " + e);
    }
    try {
      for (SQLWarning w = connection.getWarnings(); w != null; w = w.getNextWarning()) System.out.println("  warning " + w.getSQLState() + " " + w.getMessage());
      connection.clearWarnings();
    } catch (SQLException e) {
      System.out.println("  no warnings: " + e.getMessage());
    }
  }

  static String rows(ResultSet set) throws SQLException {
    StringBuilder text = new StringBuilder();
    ResultSetMetaData meta = set.getMetaData();
    for (int i = 1; i <= meta.getColumnCount(); i++) {
      text.append(i == 1 ? "" : "|").append(meta.getColumnLabel(i)).append(' ').append(meta.getColumnTypeName(i)).append(' ').append(meta.getColumnType(i))
        .append(' ').append(meta.getPrecision(i)).append(',').append(meta.getScale(i)).append(' ').append(meta.getTableName(i)).append(' ').append(meta.isNullable(i));
    }
    while (set.next()) {
      text.append("\n  ");
      for (int i = 1; i <= meta.getColumnCount(); i++) text.append(i == 1 ? "" : "|").append(cell(set, i));
    }
    return text.toString();
  }

  static String cell(ResultSet set, int i) throws SQLException {
    if (set.getMetaData().getColumnType(i) != Types.BINARY) return set.getString(i);
    byte[] bytes = set.getBytes(i);
    return bytes == null ? null : java.util.HexFormat.of().formatHex(bytes);
  }

  static String query(String sql) throws SQLException {
    try (Statement s = connection.createStatement()) {
      StringBuilder text = new StringBuilder();
      boolean result = s.execute(sql);
      while (true) {
        if (result) text.append(rows(s.getResultSet())).append('\n');
        else if (s.getUpdateCount() == -1) break;
        else text.append("count ").append(s.getUpdateCount()).append('\n');
        result = s.getMoreResults();
      }
      for (SQLWarning w = s.getWarnings(); w != null; w = w.getNextWarning()) text.append("notice ").append(w.getSQLState()).append(' ').append(w.getMessage()).append('\n');
      return text.toString();
    }
  }

  static void prepared() throws Exception {
    try (PreparedStatement s = connection.prepareStatement("select id, name, price from shapes.items where id between ? and ? order by id")) {
      s.unwrap(PGStatement.class).setPrepareThreshold(2);
      for (int round = 0; round < 6; round++) {
        final int from = round * 3 + 1;
        attempt("prepared " + round + " server side " + s.unwrap(PGStatement.class).isUseServerPrepare(), () -> {
          s.setInt(1, from);
          s.setLong(2, from + 2);
          return rows(s.executeQuery());
        });
      }
    }
    try (PreparedStatement s = connection.prepareStatement("select * from shapes.types order by id")) {
      s.unwrap(PGStatement.class).setPrepareThreshold(-1);
      attempt("binary", () -> rows(s.executeQuery()));
      attempt("binary again", () -> rows(s.executeQuery()));
    }
    try (PreparedStatement s = connection.prepareStatement("select ?::int, ?::text, ?::numeric, ?::bytea, ?::timestamptz, ?::uuid, ?::int[]")) {
      s.setNull(1, Types.INTEGER);
      s.setString(2, "a'b\\");
      s.setBigDecimal(3, new java.math.BigDecimal("1.50"));
      s.setBytes(4, new byte[] { 0, 1, (byte) 255 });
      s.setTimestamp(5, Timestamp.valueOf("2026-11-23 10:00:00"));
      s.setObject(6, java.util.UUID.fromString("00000000-0000-4000-8000-000000000001"));
      s.setArray(7, connection.createArrayOf("int4", new Integer[] { 1, null, 3 }));
      attempt("parameters", () -> rows(s.executeQuery()));
      attempt("metadata of parameters", () -> s.getParameterMetaData().getParameterTypeName(1) + " " + s.getParameterMetaData().getParameterCount());
    }
  }

  static void batches() throws Exception {
    try (PreparedStatement s = connection.prepareStatement("insert into shapes.items (name, price) values (?, ?)")) {
      for (int i = 0; i < 300; i++) {
        s.setString(1, "batch " + i);
        s.setInt(2, i);
        s.addBatch();
      }
      attempt("batch", () -> java.util.Arrays.toString(s.executeBatch()).length());
      for (int i = 0; i < 6; i++) {
        s.setString(1, i == 3 ? "batch 1" : "second " + i);
        s.setInt(2, i);
        s.addBatch();
      }
      attempt("batch that fails", () -> java.util.Arrays.toString(s.executeBatch()));
    }
    try (Statement s = connection.createStatement()) {
      s.addBatch("update shapes.items set price = 0 where id = 1");
      s.addBatch("delete from shapes.items where id = 2");
      attempt("batch of statements", () -> java.util.Arrays.toString(s.executeBatch()));
    }
    try (PreparedStatement s = connection.prepareStatement("insert into shapes.items (name) values (?)", Statement.RETURN_GENERATED_KEYS)) {
      for (int i = 0; i < 3; i++) {
        s.setString(1, "keys " + i);
        s.addBatch();
      }
      attempt("batch with keys", () -> {
        s.executeBatch();
        return rows(s.getGeneratedKeys());
      });
    }
    attempt("after batches", () -> query("select count(*), sum(price) from shapes.items"));
  }

  static void cursors() throws Exception {
    connection.setAutoCommit(false);
    try (PreparedStatement s = connection.prepareStatement("select id, name from shapes.items order by id limit 100")) {
      s.setFetchSize(9);
      attempt("fetch size", () -> rows(s.executeQuery()));
      s.setMaxRows(5);
      attempt("max rows", () -> rows(s.executeQuery()));
    }
    attempt("failed in transaction", () -> query("select 1/0"));
    attempt("refused in transaction", () -> query("select 1"));
    connection.rollback();
    Savepoint savepoint = connection.setSavepoint("here");
    attempt("unique", () -> query("insert into shapes.items (name) values ('item 3')"));
    connection.rollback(savepoint);
    attempt("after savepoint", () -> query("select 1"));
    connection.commit();
    connection.setAutoCommit(true);
  }

  static void copies() throws Exception {
    var copy = connection.unwrap(PGConnection.class).getCopyAPI();
    StringWriter out = new StringWriter();
    attempt("copy out", () -> copy.copyOut("copy (select * from shapes.types order by id) to stdout with (format csv)", out) + "\n" + out);
    attempt("copy in", () -> copy.copyIn("copy shapes.items (name, price) from stdin with (format csv)", new StringReader("copied a,1\ncopied b,2\n")));
    attempt("copy that fails", () -> copy.copyIn("copy shapes.items (name, price) from stdin with (format csv)", new StringReader("copied c,x\n")));
    attempt("copy cancelled", () -> {
      var in = copy.copyIn("copy shapes.items (name) from stdin");
      in.writeToCopy("gone\n".getBytes(), 0, 5);
      in.cancelCopy();
      return "cancelled";
    });
    attempt("after copies", () -> query("select name from shapes.items where name like 'copied%' order by name"));
  }

  static void metadata() throws Exception {
    DatabaseMetaData meta = connection.getMetaData();
    attempt("tables", () -> rows(meta.getTables(null, "shapes", "%", null)));
    attempt("columns", () -> rows(meta.getColumns(null, "shapes", "%", "%")));
    attempt("primary keys", () -> rows(meta.getPrimaryKeys(null, "shapes", "items")));
    attempt("imported keys", () -> rows(meta.getImportedKeys(null, "shapes", "lines")));
    attempt("indexes", () -> rows(meta.getIndexInfo(null, "shapes", "lines", false, true)));
    attempt("procedures", () -> rows(meta.getFunctions(null, "shapes", "%")));
    attempt("types", () -> rows(meta.getUDTs(null, "shapes", "%", null)));
    attempt("schemas", () -> rows(meta.getSchemas()));
    attempt("product", () -> meta.getDatabaseProductVersion());
  }

  static void asides() throws Exception {
    attempt("statements", () -> query("select 1; select 2 as b; update shapes.items set price = price where id < 5"));
    attempt("notice", () -> query("update shapes.items set name = 'java' where id = 11"));
    attempt("call", () -> {
      try (CallableStatement s = connection.prepareCall("{? = call shapes.add(?, ?)}")) {
        s.registerOutParameter(1, Types.INTEGER);
        s.setInt(2, 4);
        s.setInt(3, 5);
        s.execute();
        return s.getInt(1);
      }
    });
    attempt("cancel", () -> {
      try (Statement s = connection.createStatement()) {
        Thread killer = new Thread(() -> {
          try {
            Thread.sleep(500);
            s.cancel();
          } catch (Exception e) {
            System.out.println("no cancel: " + e.getMessage());
          }
        });
        killer.start();
        s.execute("select pg_sleep(20)");
        return "not cancelled";
      }
    });
    attempt("query timeout", () -> {
      try (Statement s = connection.createStatement()) {
        s.setQueryTimeout(1);
        s.execute("select pg_sleep(20)");
        return "not timed out";
      }
    });
    attempt("alive", () -> query("select 'alive'") + connection.isValid(2));
    attempt("listen", () -> {
      query("listen channel");
      query("notify channel, 'payload'");
      var notified = connection.unwrap(PGConnection.class).getNotifications(2000);
      return notified[0].getName() + " " + notified[0].getParameter();
    });
    attempt("read only", () -> {
      connection.setReadOnly(true);
      connection.setAutoCommit(false);
      return query("insert into shapes.items (name) values ('no')");
    });
    connection.rollback();
  }

  public static void main(String[] arguments) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("user", arguments[1]);
    properties.setProperty("password", arguments[2]);
    connection = DriverManager.getConnection(arguments[0], properties);
    prepared();
    batches();
    cursors();
    copies();
    metadata();
    asides();
    connection.close();
  }
}
