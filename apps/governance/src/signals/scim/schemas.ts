import SCIMMY from 'scimmy';
import { ScimError } from './scim-error.ts';

export const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';

/** Most that a list gives at once. */
export const maxResults = 200;
export const maxBody = 1024 * 1024;

// Entra and Okta send the enterprise extension; what is not kept of it is taken all the same.
SCIMMY.Resources.declare(SCIMMY.Resources.User).extend(SCIMMY.Schemas.EnterpriseUser);
SCIMMY.Resources.declare(SCIMMY.Resources.Group);
SCIMMY.Config.set({
  documentationUri: 'https://datatracker.ietf.org/doc/html/rfc7644', patch: { supported: true }, bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 }, filter: { supported: true, maxResults }, changePassword: { supported: false },
  sort: { supported: false }, etag: { supported: false },
  authenticationSchemes: [{ type: 'oauthbearertoken', name: 'Bearer token', description: 'the token that `sallyport directories add` shows once', specUri: 'https://datatracker.ietf.org/doc/html/rfc6750' }],
});

/** What the server says of itself (RFC 7644, section 4); undefined for what is none of these paths. */
export function described(path: string, base: string): object | undefined {
  const [root = '', id = '', ...rest] = path.split('/').filter((part) => part !== '');
  if (rest.length > 0) return undefined;
  switch (root) {
    case 'ServiceProviderConfig':
      return id === '' ? plain(new SCIMMY.Schemas.ServiceProviderConfig(SCIMMY.Config.get(), `${base}/ServiceProviderConfig`)) : undefined;
    case 'Schemas':
      return oneOrAll(id, [SCIMMY.Schemas.User, SCIMMY.Schemas.Group, SCIMMY.Schemas.EnterpriseUser].map(({ definition }) => plain(definition.describe(`${base}/Schemas`))));
    case 'ResourceTypes':
      return oneOrAll(id, [SCIMMY.Resources.User, SCIMMY.Resources.Group].map((type) => plain(new SCIMMY.Schemas.ResourceType(type.describe(), `${base}/ResourceTypes`))));
    default:
      return undefined;
  }
}

function oneOrAll(id: string, all: readonly object[]): object {
  if (id === '') return { schemas: [listSchema], totalResults: all.length, startIndex: 1, itemsPerPage: all.length, Resources: all };
  const found = all.find((one) => 'id' in one && one.id === decodeURIComponent(id));
  if (found === undefined) throw new ScimError(404, null, 'there is no such description');
  return found;
}

export const listSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

/** As JSON has it, without the getters and guards that SCIMMY's own objects have. */
function plain(value: object): object {
  const copy: unknown = JSON.parse(JSON.stringify(value));
  return typeof copy === 'object' && copy !== null ? copy : {};
}

const core = { User: SCIMMY.Schemas.User, Group: SCIMMY.Schemas.Group } as const;

/** Whether the schema has an attribute of this name, in whatever case. */
export function isAttribute(type: 'User' | 'Group', name: string): boolean {
  const all: readonly unknown[] = core[type].definition.attributes;
  return all.some((attribute) => typeof attribute === 'object' && attribute !== null && 'name' in attribute && typeof attribute.name === 'string' && attribute.name.toLowerCase() === name.toLowerCase());
}

/** A user as the directory reads it back: what is kept, which is no more than this. */
export function userResource(user: { readonly id: string; readonly user_name: string; readonly external_id: string | null; readonly active: boolean; readonly created_at: Date; readonly changed_at: Date }, base: string): object {
  const { id, user_name: userName, external_id: externalId, active, created_at: created, changed_at: lastModified } = user;
  return plain(new SCIMMY.Schemas.User({ id, userName, ...(externalId === null ? {} : { externalId }), active, meta: { created, lastModified } }, 'out', `${base}/Users`));
}

export function groupResource(group: { readonly id: string; readonly display_name: string; readonly external_id: string | null; readonly created_at: Date; readonly changed_at: Date }, members: readonly string[] | null, base: string): object {
  const { id, display_name: displayName, external_id: externalId, created_at: created, changed_at: lastModified } = group;
  const head = plain(new SCIMMY.Schemas.Group({ id, displayName, ...(externalId === null ? {} : { externalId }), meta: { created, lastModified } }, 'out', `${base}/Groups`));
  return members === null ? head : { ...head, members: members.map((value) => ({ value, $ref: `${base}/Users/${value}`, type: 'User' })) };
}
