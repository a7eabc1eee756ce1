import type { Bypass } from '@sallyport/protocol-postgres/testing/bypass';

/** Values that would come back inside of an error or a notice of the target: the reading has no part in that, only what hides them on the way. */
export const throughMessages: readonly Bypass[] = Object.entries({
  integer: 'select ssn::integer from ledger.customers',
  date: 'select ssn::date from ledger.customers',
  inet: 'select email::inet from ledger.customers',
  json: 'select name::json from ledger.customers',
  uuid: 'select card::uuid from ledger.customers',
  range: 'select ssn::int4range from ledger.customers',
  array: 'select name::int[] from ledger.customers',
  xml: `select xmlparse(document '<a>' || name) from ledger.customers`,
  regclass: `select ('x' || replace(name, ' ', ''))::regclass from ledger.customers`,
  encoded: `select encode(ssn::bytea, 'hex')::integer from ledger.customers`,
  reversed: 'select reverse(ssn)::integer from ledger.customers',
  spread: `select regexp_replace(ssn, '(.)', '\\1 ', 'g')::integer from ledger.customers`,
  enumerated: `select string_agg(ssn, ';')::integer from ledger.customers`,
  where: 'select id from ledger.customers where card::bigint > 0',
  join: 'select e.id from ledger.entries e join ledger.customers c on c.name::integer = e.id',
  order: 'select id from ledger.customers order by email::integer',
}).map(([id, text]) => ({ id: `message-${id}`, text, why: 'the target quotes the value in its error', must: 'mask' as const }));

/**
 * Statements whose harm cannot be shown on this server: it has no such extension, no such object, or the harm lies outside of the database.
 * Every other statement must do harm when it is run without the gateway, or the suite would prove nothing.
 */
export const notShownHere: Readonly<Record<string, string>> = {
  'drop-view': 'another view stands on it',
  'drop-index': 'a constraint stands on it',
  'alter-type': 'PostgreSQL takes no sub-select there',
  'create-function': 'the name is taken by what create-trigger calls',
  'alter-role': 'the role is a superuser already',
  reassign: 'there is no such role',
  'security-label': 'no provider of labels is loaded',
  'execute-unknown': 'nothing of that name was prepared',
  'cursor-unknown': 'no cursor of that name is open',
  'cursor-to-xml': 'no cursor of that name is open',
  'launder-notify': 'a notification leaves at commit, and the control is rolled back',
  'ts-stat': 'the values come in pieces',
  'copy-file': 'it would write a file of this machine',
  'copy-program': 'it would run a program of this machine',
  'copy-from-program': 'it would run a program of this machine',
  dblink: 'the extension is not installed',
  'logical-decoding': 'no replication slot exists',
  subscription: 'there is no server to connect to',
  foreign: 'the extension is not installed',
  load: 'there is no such library',
  'alter-system': 'not inside of a transaction',
  terminate: 'there is no such process',
  reload: 'the configuration is the same again',
  sleep: 'it would wait',
  'read-subselect': 'tells only whether there are rows',
  'read-cte-name': 'the schema is not on the path here',
  'read-unknown': 'there is no such table',
  'attribute-cast': 'PostgreSQL knows no such cast',
  garbage: 'no SQL',
  nul: 'no message of the protocol',
};
