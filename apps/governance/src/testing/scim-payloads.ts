/**
 * Requests as the vendors' public documentation shows them (Microsoft Learn: "Develop and plan provisioning for a SCIM endpoint"; Okta Developer: "SCIM 2.0 protocol
 * reference"), with other names. Written from there, not captured from a tenant.
 */
export const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const user = 'urn:ietf:params:scim:schemas:core:2.0:User';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const group = 'urn:ietf:params:scim:schemas:core:2.0:Group';

export const entra = {
  create: (userName: string, externalId: string) => ({
    schemas: [user, enterprise], externalId, userName, active: true, meta: { resourceType: 'User' }, roles: [],
    emails: [{ primary: true, type: 'work', value: userName }], name: { formatted: 'givenName familyName', familyName: 'familyName', givenName: 'givenName' },
    [enterprise]: { department: 'Finance', manager: '26118915-6090-4610-87e4-49d8ca9f808d' },
  }),
  /** Without the flag aadOptscim062020: the operation capitalised, the boolean a text. */
  disable: { schemas: [patchOp], Operations: [{ op: 'Replace', path: 'active', value: 'False' }] },
  enable: { schemas: [patchOp], Operations: [{ op: 'Replace', path: 'active', value: 'True' }] },
  /** With it. */
  disableConforming: { schemas: [patchOp], Operations: [{ op: 'replace', path: 'active', value: false }] },
  pathless: { schemas: [patchOp], Operations: [{ op: 'replace', value: { active: 'False', displayName: 'Somebody', 'name.givenName': 'Some', [`${enterprise}:department`]: 'None' } }] },
  manyAttributes: {
    schemas: [patchOp],
    Operations: [
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'updated@contoso.com' }, { op: 'Replace', path: 'name.familyName', value: 'updatedFamilyName' }, { op: 'Add', path: `${enterprise}:employeeNumber`, value: '701984' },
      { op: 'Add', path: `${enterprise}:manager`, value: [{ $ref: null, value: '26118915' }] }, { op: 'Remove', path: 'title' },
    ],
  },
  createGroup: (displayName: string, externalId: string) => ({ schemas: [group, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'], externalId, displayName, meta: { resourceType: 'Group' } }),
  addMember: (id: string) => ({ schemas: [patchOp], Operations: [{ op: 'Add', path: 'members', value: [{ $ref: null, value: id }] }] }),
  removeMember: (id: string) => ({ schemas: [patchOp], Operations: [{ op: 'Remove', path: 'members', value: [{ $ref: null, value: id }] }] }),
  renameGroup: (displayName: string) => ({ schemas: [patchOp], Operations: [{ op: 'Replace', path: 'displayName', value: displayName }] }),
} as const;

export const okta = {
  create: (userName: string, externalId: string) => ({
    schemas: [user], userName, name: { givenName: 'Test', familyName: 'User' }, emails: [{ primary: true, value: userName, type: 'work' }], displayName: 'Test User', locale: 'en-US', externalId, groups: [], password: '1mz050nq', active: true,
  }),
  /** Deactivation: no path, the attribute in the value. */
  disable: { schemas: [patchOp], Operations: [{ op: 'replace', value: { active: false } }] },
  enable: { schemas: [patchOp], Operations: [{ op: 'replace', value: { active: true } }] },
  put: (id: string, userName: string, externalId: string, active: boolean) => ({
    schemas: [user], id, externalId, userName, name: { givenName: 'Another', familyName: 'User' }, emails: [{ primary: true, value: userName, type: 'work', display: userName }], active, groups: [], meta: { resourceType: 'User' },
  }),
  createGroup: (displayName: string) => ({ schemas: [group], displayName, members: [] }),
  renameGroup: (id: string, displayName: string) => ({ schemas: [patchOp], Operations: [{ op: 'replace', value: { id, displayName } }] }),
  addMembers: (...ids: string[]) => ({ schemas: [patchOp], Operations: [{ op: 'add', path: 'members', value: ids.map((value) => ({ value, display: `${value}@example.com` })) }] }),
  removeMember: (id: string) => ({ schemas: [patchOp], Operations: [{ op: 'remove', path: `members[value eq "${id}"]` }] }),
  replaceMembers: (...ids: string[]) => ({ schemas: [patchOp], Operations: [{ op: 'replace', path: 'members', value: ids.map((value) => ({ value, display: 'x' })) }] }),
} as const;
