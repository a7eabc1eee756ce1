/**
 * Error and notice fields (protocol 55.8) as they may reach the client on a target with a mask plan. Fields that name things
 * (severity, code, position, schema, table, column, constraint, routine) stay; message and hint are scrubbed of values; detail,
 * context and internal query can quote whole rows, and are left out.
 */
export function scrubFields(fields: ReadonlyMap<string, string>, scrub: (text: string) => string): Map<string, string> {
  const kept = new Map<string, string>();
  for (const [key, value] of fields) {
    if ('SVCPstcdnFLR'.includes(key)) kept.set(key, value);
    else if (key === 'M' || key === 'H') kept.set(key, scrub(value));
  }
  return kept;
}
