/** A claim's place in a token's payload, outermost name first: `['kubernetes.io', 'serviceaccount', 'uid']`. */
export type ClaimPath = readonly string[];

/** Deepest nesting that a binding may name; real tokens need three. */
export const maxClaimDepth = 6;

export class ClaimPathError extends Error {
  readonly code = 'ERR_CLAIM_PATH';
}

/**
 * Splits `kubernetes\.io.serviceaccount.uid` at its dots. `\.` is a dot inside a name, `\\` a backslash; any other
 * escape, an empty name or more than {@link maxClaimDepth} names throws a {@link ClaimPathError}.
 */
export function parseClaimPath(text: string): ClaimPath {
  const names: string[] = [];
  let name = '';
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (char === '\\') {
      const next = text.charAt(++i);
      if (next !== '.' && next !== '\\') throw new ClaimPathError(`claim "${text}": only \\. and \\\\ are escapes`);
      name += next;
    } else if (char === '.') {
      names.push(name);
      name = '';
    } else name += char;
  }
  names.push(name);
  if (names.includes('')) throw new ClaimPathError(`claim "${text}": a name between dots is empty`);
  if (names.length > maxClaimDepth) throw new ClaimPathError(`claim "${text}": more than ${maxClaimDepth} names`);
  return names;
}

/** The inverse of {@link parseClaimPath}. */
export function writeClaimPath(path: ClaimPath): string {
  return path.map((name) => name.replaceAll('\\', '\\\\').replaceAll('.', '\\.')).join('.');
}

/** The value at `path`, or undefined. Looks at own members of plain objects only: `constructor` and list positions are never claims. */
export function readClaim(claims: unknown, path: ClaimPath): unknown {
  let at: unknown = claims;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, name)) return undefined;
    at = Reflect.get(at, name);
  }
  return at;
}
