import SCIMMY from 'scimmy';
import { ScimError } from './scim-error.ts';
import { isAttribute } from './schemas.ts';
import { membersOf } from './value.ts';

/** One thing that a PATCH does to an attribute that is kept. `where` is the filter of a path with one (`members[value eq "…"]`), without its brackets. */
export interface Operation {
  readonly op: 'add' | 'remove' | 'replace';
  /** In lower case. */
  readonly attribute: string;
  readonly where: string | null;
  readonly value: unknown;
}

const schema = { User: 'urn:ietf:params:scim:schemas:core:2.0:user:', Group: 'urn:ietf:params:scim:schemas:core:2.0:group:' } as const;
const maxOperations = 1000;
const maxPath = 1000;

/**
 * The operations of a PATCH (RFC 7644, section 3.5.2) on the attributes in `kept`, in their order. Those on other attributes of the schemas are taken and nothing comes of
 * them, since nothing of them is kept; a path that is no path of the schemas is refused. Takes what vendors send besides the standard: operations with a capital letter
 * (Entra), attributes in the value instead of the path (Okta and Entra), also as `name.givenName`.
 */
export function readPatch(type: 'User' | 'Group', body: unknown, kept: readonly string[]): readonly Operation[] {
  const read: Operation[] = [];
  for (const { op, path, value } of envelope(body)) {
    if (path !== undefined) read.push(...operation(type, op, path, value, kept));
    // Each member of a value without a path is a path of its own.
    else for (const [name, inner] of membersOf('the value of an operation without a path', value)) read.push(...operation(type, op, name, inner, kept));
  }
  return read;
}

interface Raw {
  readonly op: Operation['op'];
  readonly path: string | undefined;
  readonly value: unknown;
}

/** SCIMMY checks the message; what it lets pass is read here once more, with types. */
function envelope(body: unknown): readonly Raw[] {
  const operations = [...membersOf('a PATCH', body)].find(([name]) => name === 'operations')?.[1];
  const schemas = membersOf('a PATCH', body).get('schemas');
  if (!Array.isArray(operations) || operations.length === 0 || operations.length > maxOperations) throw new ScimError(400, 'invalidSyntax', `Operations must be a list of 1 to ${maxOperations}`);
  try {
    new SCIMMY.Messages.PatchOp(JSON.parse(JSON.stringify({ schemas, Operations: operations })));
  } catch (error) {
    const scimType = error instanceof Error && 'scimType' in error ? error.scimType : null;
    const known = (['invalidSyntax', 'noTarget', 'invalidPath', 'invalidValue'] as const).find((one) => one === scimType);
    throw new ScimError(400, known ?? 'invalidSyntax', known === undefined ? 'the body is no PatchOp message' : `${known}: the body is no PatchOp message of RFC 7644 section 3.5.2`);
  }
  return operations.map((one: unknown) => {
    const members = membersOf('an operation', one);
    const op = String(members.get('op')).toLowerCase();
    const path = members.get('path');
    if (op !== 'add' && op !== 'remove' && op !== 'replace') throw new ScimError(400, 'invalidSyntax', 'op is add, remove or replace');
    // Entra sends `"path": null` for none.
    if (path !== undefined && path !== null && typeof path !== 'string') throw new ScimError(400, 'invalidPath', 'path must be a text');
    return { op, path: typeof path === 'string' && path !== '' ? path : undefined, value: members.get('value') };
  });
}

function operation(type: 'User' | 'Group', op: Operation['op'], path: string, value: unknown, kept: readonly string[]): Operation[] {
  const short = path.toLowerCase().startsWith(schema[type]) ? path.slice(schema[type].length) : path;
  // Of other schemas nothing is kept.
  if (/^urn:/i.test(short)) return [];
  const [, attribute = '', where = null, rest = null] = (short.length <= maxPath ? /^([A-Za-z$][\w$-]*)(?:\[([^\]]*)\])?(\.[A-Za-z$][\w$-]*)?$/.exec(short) : null) ?? [];
  if (attribute === '' || !isKnown(type, attribute)) throw new ScimError(400, 'invalidPath', 'the path of an operation names no attribute of the schema');
  const name = attribute.toLowerCase();
  if (!kept.includes(name)) return [];
  if (rest !== null && rest.toLowerCase() !== '.value') throw new ScimError(400, 'invalidPath', `${name} has no such part`);
  return [{ op, attribute: name, where, value }];
}

const isKnown = (type: 'User' | 'Group', name: string) => ['id', 'externalid', 'schemas', 'meta'].includes(name.toLowerCase()) || isAttribute(type, name);
