/** What a client asks for with its user name. */
export interface Wanted {
  readonly target: string;
  readonly role: string | null;
}

/** `[role@]target`: names of the inventory only. Null for anything else, so that no odd name travels any further. */
export function readUserName(name: string): Wanted | null {
  if (name.length > 256) return null;
  const at = name.indexOf('@');
  const role = at === -1 ? null : name.slice(0, at);
  const target = name.slice(at + 1);
  if (!plain.test(target) || (role !== null && !plain.test(role))) return null;
  return { target, role };
}

const plain = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The user name that asks for this: what a certificate's principals and a ticket's targets are written as. */
export function userName({ target, role }: Wanted): string {
  return role === null ? target : `${role}@${target}`;
}
