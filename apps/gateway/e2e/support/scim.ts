import type { Person } from './cast.ts';
import { run } from './run.ts';
import type { World } from './world.ts';

const user = 'urn:ietf:params:scim:schemas:core:2.0:User';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** As Entra sends them (Microsoft Learn, "Develop and plan provisioning for a SCIM endpoint"): booleans of a PATCH are texts, operations are capitalised. */
export const entra = {
  create: (userName: string, externalId: string) => ({
    schemas: [user, enterprise], externalId, userName, active: true, meta: { resourceType: 'User' }, roles: [],
    emails: [{ primary: true, type: 'work', value: userName }], name: { formatted: 'Carlos Vega', familyName: 'Vega', givenName: 'Carlos' }, [enterprise]: { department: 'Contractors' },
  }),
  disable: { schemas: [patchOp], Operations: [{ op: 'Replace', path: 'active', value: 'False' }] },
} as const;

export interface ScimAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A directory's SCIM client: curl over TLS, with the token that the command line printed for it. */
export interface Directory {
  readonly url: string;
  send(method: 'POST' | 'PATCH' | 'GET', path: string, body?: unknown): Promise<ScimAnswer>;
}

export async function addDirectory(world: World, by: Person, name: string): Promise<Directory> {
  const { code, out, err } = await world.cli(by, 'directories', 'add', name, '-o', 'json');
  if (code !== 0) throw new Error(err);
  const { token, url }: { token: string; url: string } = JSON.parse(out);
  return {
    url,
    send: async (method, path, body) => {
      // Head and token come by the configuration on stdin: command lines are seen by everybody on a machine.
      const lines = [`url = "${url}${path}"`, `request = "${method}"`, `header = "Authorization: Bearer ${token}"`, 'header = "Content-Type: application/scim+json"', `cacert = "${world.stack.tls.ca}"`, 'write-out = "\\n%{http_code}"', 'silent', 'show-error'];
      const data = body === undefined ? [] : [`data = ${JSON.stringify(JSON.stringify(body))}`];
      const answer = await run('curl', ['-K', '-'], { input: [...lines, ...data].join('\n') });
      if (answer.code !== 0) throw new Error(answer.err);
      const cut = answer.out.lastIndexOf('\n');
      const text = answer.out.slice(0, cut);
      return { status: Number(answer.out.slice(cut + 1)), body: text === '' ? {} : JSON.parse(text) };
    },
  };
}
