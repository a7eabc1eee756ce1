import { PostgresDriver, type AbortableOperationOptions, type CompiledQuery, type DatabaseConnection } from 'kysely';
import { storeError } from './errors.ts';

/** Kysely's PostgreSQL driver, whose errors carry no values. */
export class SafeDriver extends PostgresDriver {
  readonly #guarded = new WeakSet<DatabaseConnection>();

  override async acquireConnection(options?: AbortableOperationOptions): Promise<DatabaseConnection> {
    const connection = await guard(super.acquireConnection(options));
    if (!this.#guarded.has(connection)) {
      this.#guarded.add(connection);
      guardQueries(connection);
    }
    return connection;
  }
}

/** In place: the driver's other methods want the very connection that it gave. Streaming has no cursor configured and is off. */
function guardQueries(connection: DatabaseConnection): void {
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = <R>(query: CompiledQuery) => guard(execute<R>(query));
}

async function guard<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw storeError(error);
  }
}
