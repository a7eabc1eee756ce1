/** The policies of the story. `entriesReadable` is what one of the tests changes while a session is open. */
export function storyPolicies({ entriesReadable = true }: { readonly entriesReadable?: boolean } = {}): Record<string, string> {
  return { 'story.cedar': entriesReadable ? standing : `${standing}\n${entriesHidden}` };
}

const standing = `
@id("connect")
@reason("the machines of the story may connect")
permit (principal, action == Action::"connect", resource == Target::"ledger-db");

@id("session")
@reason("transactions, cursors and settings are part of any session")
permit (principal, action == Action::"control", resource in Target::"ledger-db")
when { resource.kind == "session" || resource.kind == "setting" };

@id("settings")
@reason("settings, and what needs no table at all, may be read")
permit (principal, action == Action::"read", resource in Target::"ledger-db")
when { resource.kind == "session" || resource.kind == "setting" };

@id("read")
@reason("the ledger may be read; classified columns are masked")
permit (principal, action == Action::"read", resource in Schema::"ledger-db/ledger");

@id("write")
@reason("the nightly job keeps the ledger")
permit (principal in Group::"batch", action == Action::"write", resource in Schema::"ledger-db/ledger");

@id("balances")
@reason("changing balances needs the word of an owner")
@approvers("owners")
@expires("5m")
forbid (principal, action == Action::"write", resource == Object::"ledger-db/ledger.accounts")
when { context.kind == "UPDATE" && !context.approval };

@id("entries-in-haste")
@reason("corrections of entries need a quick word of an owner")
@approvers("owners")
@expires("2s")
forbid (principal, action == Action::"write", resource == Object::"ledger-db/ledger.entries")
when { context.kind == "UPDATE" && !context.approval };

@id("two-people")
@reason("deleting accounts needs two owners")
@approvers("owners")
@quorum("2")
@expires("5m")
forbid (principal, action == Action::"write", resource == Object::"ledger-db/ledger.accounts")
when { context.kind == "DELETE" && !context.approval };

@id("no-drop")
@reason("nothing of the ledger is dropped by a machine")
forbid (principal, action == Action::"define", resource in Target::"ledger-db")
when { context.kind like "DROP*" };

@id("analysts-see-email")
@reason("analysts write to customers")
permit (principal in Group::"analysts", action == Action::"unmask", resource == Column::"ledger-db/ledger.customers.email");
`;

const entriesHidden = `
@id("entries-closed")
@reason("the entries are being audited")
forbid (principal, action == Action::"read", resource == Object::"ledger-db/ledger.entries");
`;
