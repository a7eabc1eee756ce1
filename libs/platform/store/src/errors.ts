/**
 * The database refused a statement, or could not be reached. `code` is the SQLSTATE (`23505`), or the network's (`ECONNREFUSED`);
 * constraint, table and column say where. Detail, hint and message of the database are left out: they quote values.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: string;
  readonly constraint: string | null;
  readonly table: string | null;
  readonly column: string | null;

  constructor(code: string, place: { readonly constraint: string | null; readonly table: string | null; readonly column: string | null }) {
    const where = [place.constraint && `constraint ${place.constraint}`, place.table && `table ${place.table}`, place.column && `column ${place.column}`].filter(Boolean);
    super(`the database refused: ${code}${where.length === 0 ? '' : ` (${where.join(', ')})`}`);
    this.code = code;
    this.constraint = place.constraint;
    this.table = place.table;
    this.column = place.column;
  }
}

/** A migration could not be applied. The message has the database's own words: migrations hold no data. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code = 'ERR_MIGRATION';
}

/** Whether this is a broken unique constraint, of this name when one is given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return error instanceof StoreError && error.code === '23505' && (constraint === undefined || error.constraint === constraint);
}

/** A StoreError for what the driver threw, without its values; the driver's stack stays readable. */
export function storeError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StoreError) return error;
  const field = (name: string): string | null => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === 'string' ? value : null;
  };
  const code = field('code') ?? (/timeout|terminated|closed|connection|not queryable/i.test(error.message) ? 'ECONNECTION' : null);
  if (code === null) return error;
  const safe = new StoreError(code, { constraint: field('constraint'), table: field('table'), column: field('column') });
  safe.stack = `${safe.name}: ${safe.message}\n${(error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)).join('\n')}`;
  return safe;
}
