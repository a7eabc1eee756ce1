import type { CandidateSeen } from '@sallyport/platform-bus';
import { providerRules, type IssuerDocument, type TrustBinding } from '@sallyport/platform-config';

type Claims = TrustBinding['claims'];
/** Values of this length may have been cut for evidence. */
const cutAt = 200;

/**
 * The binding by which a candidate's tokens, and no others, are a machine: its immutable claims, narrowed to the environment or the branch that its last token came from.
 * @param more claims that somebody gives instead of that narrowing
 */
export function suggestBinding({ audience, claims, seen }: CandidateSeen, issuer: IssuerDocument, more: Claims | null): Omit<TrustBinding, 'justification' | 'replay'> {
  return { name: 'adopted', issuer: issuer.metadata.name, audience, claims: { ...(more ?? narrowing(seen, issuer)), ...claims } };
}

function narrowing(seen: Readonly<Record<string, string>>, { spec }: IssuerDocument): Claims {
  const { narrowing: known } = providerRules(spec);
  const whole = (claim: string) => {
    const value = seen[claim];
    return value !== undefined && value !== '' && value.length < cutAt ? value : null;
  };
  const environment = known.includes('environment') ? whole('environment') : null;
  if (environment !== null) return { environment };
  const ref = known.includes('ref') ? whole('ref') : null;
  if (ref === null) return {};
  const type = spec.provider === 'gitlab' ? whole('ref_type') : null;
  const protected_ = whole('ref_protected');
  return { ref, ...(type === null ? {} : { ref_type: type }), ...(protected_ === 'true' ? { ref_protected: 'true' } : {}) };
}
