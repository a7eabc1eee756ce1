/** What the machines of the governance story may do: the same at both databases, and programs at the SSH target. */
export function governancePolicies({ entriesReadable = true }: { readonly entriesReadable?: boolean } = {}): Record<string, string> {
  return { 'governance.cedar': [connect, ...['ledger-db', 'vault'].map(database), shell, ...(entriesReadable ? [] : [entriesHidden])].join('\n') };
}

const connect = `
@id("connect")
@reason("jobs may connect")
permit (principal in Group::"jobs", action == Action::"connect", resource);
`;

const database = (target: string) => `
@id("${target}-session")
@reason("transactions, cursors and settings are part of any session")
permit (principal, action in [Action::"control", Action::"read"], resource in Target::"${target}")
when { resource.kind == "session" || resource.kind == "setting" };

@id("${target}-read")
@reason("the ledger may be read")
permit (principal in Group::"jobs", action == Action::"read", resource in Schema::"${target}/ledger");

@id("${target}-write")
@reason("the jobs keep the ledger")
permit (principal in Group::"jobs", action == Action::"write", resource in Schema::"${target}/ledger");

@id("${target}-balances")
@reason("changing balances needs the word of an owner")
@approvers("owners")
@expires("5m")
forbid (principal, action == Action::"write", resource == Object::"${target}/ledger.accounts")
when { context.kind == "UPDATE" && !context.approval };

@id("${target}-in-haste")
@reason("corrections of entries need a quick word of an owner")
@approvers("owners")
@expires("2s")
forbid (principal, action == Action::"write", resource == Object::"${target}/ledger.entries")
when { context.kind == "UPDATE" && !context.approval };

@id("${target}-two-people")
@reason("deleting accounts needs two owners")
@approvers("owners")
@quorum("2")
@expires("5m")
forbid (principal, action == Action::"write", resource == Object::"${target}/ledger.accounts")
when { context.kind == "DELETE" && !context.approval };
`;

const shell = `
@id("guarded-session")
permit (principal, action in [Action::"control", Action::"read"], resource in Target::"guarded")
when { resource.kind == "session" };

@id("guarded-programs")
@reason("what is known may run")
permit (principal in Group::"jobs", action == Action::"execute", resource in Target::"guarded")
when { resource.kind == "program" && ["echo", "sh"].contains(resource.name) };
`;

const entriesHidden = `
@id("entries-closed")
@reason("the entries are being audited")
forbid (principal, action == Action::"read", resource == Object::"ledger-db/ledger.entries");
`;
