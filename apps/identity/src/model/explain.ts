import { instant } from '@sallyport/domain-model';
import type { TokenExplanation } from '@sallyport/platform-bus';
import { compareBindings, type TokenRefusedError, type VerifiedToken } from '@sallyport/platform-identity';
import { admit, type Judgement, type Stranger, type TokenUse } from './admit.ts';
import type { Inventory } from './inventory.ts';

/** Bindings that are shown. */
const most = 20;

export interface Explained {
  readonly answer: Omit<TokenExplanation, 'used' | 'candidate'>;
  /** Whom no binding names, and who could be a candidate; null for all others. */
  readonly stranger: Stranger | null;
  /** What an admission would remember; null when there would be none. */
  readonly use: TokenUse | null;
}

/** What a genuine token would be, as `admit` judges it. @param trouble what is wrong with its times, or null */
export function explain(token: VerifiedToken, trouble: TokenRefusedError | null, inventory: Inventory): Explained {
  const judged = judge(token, inventory);
  const refused = judged.kind === 'refuse' ? { code: judged.code, say: judged.say } : null;
  const { code, say } = trouble === null ? (refused ?? { code: null, say: null }) : { code: trouble.code, say: trouble.message };
  const [kind, name] = judged.who === null ? [null, null] : split(judged.who.id);
  const bindings = compareBindings(token, inventory.candidates.get(token.issuer.metadata.name) ?? []).slice(0, most);
  return {
    answer: {
      verdict: code !== null || (kind !== 'machine' && kind !== 'person') ? 'refused' : kind,
      code, say,
      issuer: token.issuer.metadata.name,
      machine: kind === 'machine' ? name : null,
      binding: judged.kind === 'admit' && kind === 'machine' ? judged.binding : null,
      person: kind === 'person' ? name : null,
      behalf: judged.kind === 'admit' && judged.principal.kind === 'machine' ? judged.principal.behalf : null,
      expires: token.expires === 0 ? null : instant(token.expires),
      bindings: bindings.map((one) => ({ ...one, claims: [...one.claims] })),
    },
    use: judged.kind === 'admit' ? judged.use : null,
    stranger: judged.kind === 'refuse' ? (judged.stranger ?? null) : null,
  };
}

/** As a machine where the issuer is trusted for them; a person, where that makes more of it. */
function judge(token: VerifiedToken, inventory: Inventory): Judgement {
  const machine = admit(token, inventory, 'machine');
  if (machine.kind === 'admit' || !token.issuer.spec.trusts.includes('people')) return machine;
  const person = admit(token, inventory, 'person');
  const known = person.kind === 'admit' || person.code === 'person-inactive' || person.code === 'session-revoked';
  return known || !token.issuer.spec.trusts.includes('machines') ? person : machine;
}

/** `machine:nightly` */
function split(id: string): readonly [string, string] {
  const colon = id.indexOf(':');
  return [id.slice(0, colon), id.slice(colon + 1)];
}
