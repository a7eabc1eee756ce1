import type {
  AlterDefaultPrivilegesStmt, AlterOwnerStmt, AlterRoleStmt, CreatePolicyStmt, CreateRoleStmt, DropOwnedStmt, DropRoleStmt, GrantRoleStmt, GrantStmt, Node, ReassignOwnedStmt,
  RoleSpec,
} from 'libpg-query';
import { usesRelation } from '../relations.ts';
import { usesObject } from './objects.ts';
import type { StatementDraft } from './reading.ts';

/**
 * Whose role a statement means; `?` for the session's own. That is the credential's user, or what SET ROLE made of it: its name is the target's
 * affair, so it stands in no effect, no event and no refusal, and a rule that names a role does not speak of it.
 */
export function roleName(role: RoleSpec): string {
  switch (role.roletype) {
    case 'ROLESPEC_CSTRING':
      return role.rolename ?? '?';
    case 'ROLESPEC_PUBLIC':
      return 'public';
    default:
      return '?';
  }
}

function onRoles(nodes: readonly Node[] | undefined, draft: StatementDraft): void {
  for (const node of nodes ?? []) {
    if ('RoleSpec' in node) draft.found.add('grant', 'role', null, roleName(node.RoleSpec));
    else if ('AccessPriv' in node) draft.found.add('grant', 'role', null, node.AccessPriv.priv_name ?? '?');
    else draft.found.unknown('role');
  }
}

export function grant(body: GrantStmt, draft: StatementDraft): void {
  draft.facts.kind = body.is_grant ? 'GRANT' : 'REVOKE';
  if (body.targtype === 'ACL_TARGET_ALL_IN_SCHEMA') {
    for (const node of body.objects ?? []) usesObject('grant', 'OBJECT_SCHEMA', node, draft);
  } else for (const node of body.objects ?? []) usesObject('grant', body.objtype, node, draft);
  onRoles(body.grantees, draft);
}

export function grantRole(body: GrantRoleStmt, draft: StatementDraft): void {
  draft.facts.kind = body.is_grant ? 'GRANT' : 'REVOKE';
  onRoles(body.granted_roles, draft);
  onRoles(body.grantee_roles, draft);
}

export function defaultPrivileges(body: AlterDefaultPrivilegesStmt, draft: StatementDraft): void {
  draft.facts.kind = 'ALTER DEFAULT PRIVILEGES';
  draft.found.add('grant', 'other', null, 'default privileges');
  onRoles(body.action?.grantees, draft);
}

export function createRole(body: CreateRoleStmt, draft: StatementDraft): void {
  draft.facts.kind = 'CREATE ROLE';
  draft.found.add('grant', 'role', null, body.role ?? '?');
}

export function alterRole(body: AlterRoleStmt, draft: StatementDraft): void {
  draft.facts.kind = 'ALTER ROLE';
  draft.found.add('grant', 'role', null, body.role ? roleName(body.role) : '?');
}

export function dropRole(body: DropRoleStmt, draft: StatementDraft): void {
  draft.facts.kind = 'DROP ROLE';
  onRoles(body.roles, draft);
}

export function dropOwned(body: DropOwnedStmt, draft: StatementDraft): void {
  draft.facts.kind = 'DROP OWNED';
  onRoles(body.roles, draft);
  draft.found.add('define', 'database', null, 'owned objects');
}

export function reassignOwned(body: ReassignOwnedStmt, draft: StatementDraft): void {
  draft.facts.kind = 'REASSIGN OWNED';
  onRoles(body.roles, draft);
  if (body.newrole) draft.found.add('grant', 'role', null, roleName(body.newrole));
}

export function alterOwner(body: AlterOwnerStmt, draft: StatementDraft): void {
  draft.facts.kind = 'ALTER OWNER';
  if (body.relation) usesRelation('grant', draft.relation(body.relation), draft.names, draft.found);
  else usesObject('grant', body.objectType, body.object, draft);
}

/** Row security decides which rows a role sees: a right. */
export function policy(body: CreatePolicyStmt, draft: StatementDraft): void {
  draft.facts.kind = 'ROW SECURITY POLICY';
  usesRelation('grant', draft.relation(body.table), draft.names, draft.found);
  draft.walk(body.qual);
  draft.walk(body.with_check);
}
