/** Whom an event is about: ids that a directory could know this person by, and the issuer's own id where it named one. */
export interface Subject {
  readonly ids: readonly string[];
  readonly issSub: { readonly iss: string; readonly sub: string } | null;
}

const nobody: Subject = { ids: [], issSub: null };
const deepest = 3;

/**
 * The person that a subject identifier (RFC 9493, and the complex subjects of Shared Signals 1.0 section 3.2) names: `iss_sub`, `email`, `opaque`, `account`, `uri`,
 * `aliases`, and of a complex one its `user`. Null for what names no person: a session, a device, a tenant alone.
 */
export function subjectOf(given: unknown, depth = 0): Subject | null {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || depth > deepest) return null;
  const subject: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(given));
  // Older drafts wrote `subject_type`, with dashes.
  const format = String(subject['format'] ?? subject['subject_type'] ?? '').replaceAll('-', '_');
  switch (format) {
    case 'iss_sub': {
      const { iss, sub } = subject;
      return id(iss) && id(sub) ? { ids: [sub], issSub: { iss, sub } } : null;
    }
    case 'email': {
      const { email } = subject;
      // The part behind the @ has no case, and in practice none of it has.
      return id(email) ? { ids: [...new Set([email, email.toLowerCase()])], issSub: null } : null;
    }
    case 'opaque':
    case 'id':
      return id(subject['id']) ? { ...nobody, ids: [subject['id']] } : null;
    case 'account': {
      const { uri } = subject;
      return id(uri) && uri.startsWith('acct:') && uri.length > 5 ? { ...nobody, ids: [uri.slice('acct:'.length), uri] } : null;
    }
    case 'uri':
    case 'did': {
      const uri = subject['uri'] ?? subject['url'];
      return id(uri) ? { ...nobody, ids: [uri] } : null;
    }
    case 'aliases': {
      const list: readonly unknown[] = Array.isArray(subject['identifiers']) ? subject['identifiers'].slice(0, 10) : [];
      const found = list.flatMap((one) => subjectOf(one, depth + 1) ?? []);
      return found.length === 0 ? null : { ids: [...new Set(found.flatMap(({ ids }) => ids))], issSub: found.find(({ issSub }) => issSub !== null)?.issSub ?? null };
    }
    case 'complex':
    case '':
      return 'user' in subject ? subjectOf(subject['user'], depth + 1) : null;
    default:
      return null;
  }
}

const id = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 320 && !/\p{Cc}/u.test(value);
