export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [member: string]: Json;
}

/** The members that say something: `null` and `undefined` are left out, everything else stays, in the order written. */
export function present(members: Readonly<Record<string, Json | undefined>>): JsonObject {
  const out: Record<string, Json> = {};
  for (const [name, value] of Object.entries(members)) if (value !== null && value !== undefined) out[name] = value;
  return out;
}
