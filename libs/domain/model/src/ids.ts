declare const brand: unique symbol;

/** A string that the compiler keeps apart from other strings. `id<SessionId>('…')` makes one at the rim, after checking it. */
export type Id<Name extends string> = string & { readonly [brand]: Name };

/** UUIDv7 of one connection of one machine to one target. */
export type SessionId = Id<'SessionId'>;
/** UUIDv7 of one command. Shown to the client as the request id of a refusal. */
export type CommandId = Id<'CommandId'>;
/** UUIDv7 of an approval request. */
export type ApprovalId = Id<'ApprovalId'>;
/** Name of a machine in the inventory, unique in the installation: `nightly-ledger`. */
export type MachineName = Id<'MachineName'>;
/** Name of a proxied system in the inventory: `ledger-db`. */
export type TargetName = Id<'TargetName'>;
/** The `@id` of a policy rule. */
export type RuleId = Id<'RuleId'>;
/** Lower-case hex SHA-256, 64 characters. */
export type Digest = Id<'Digest'>;
/** RFC 3339, UTC, always six fractional digits: `2026-11-22T10:00:00.000001Z`. */
export type Instant = Id<'Instant'>;

/** Marks a checked string as an id. It checks nothing: call it where the value was validated or made. */
export function id<T extends Id<string>>(value: string): T {
  return value as T;
}
