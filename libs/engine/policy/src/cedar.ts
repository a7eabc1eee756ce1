import {
  policyToJson, policyToText, preparsePolicySet, statefulIsAuthorized, validate,
  type DetailedError, type EntityJson, type Expr, type PolicyJson, type StatefulAuthorizationCall, type TypeAndId,
} from '@cedar-policy/cedar-wasm/nodejs';
import { schemaText } from './schema.ts';

export type { Context, EntityJson, PolicyJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs';
export type CedarExpr = Expr;

/**
 * The only door to Cedar. Its WebAssembly instance traps on inputs that nest too deep and is in an unknown state afterwards:
 * the first trap closes the door for good, and everything is denied until the process is started anew. `split.ts` bounds rules
 * so that this cannot be reached by writing a policy.
 */
export class PolicyEngineError extends Error {
  readonly code = 'ERR_POLICY_ENGINE';
}

/** A rule's text as a tree, or Cedar's complaint. `at` is an offset in UTF-8 bytes into the text, null when there is none. */
export type CedarComplaint = { readonly say: string; readonly hint: string | null; readonly at: number | null };
export type CedarRule = { readonly ok: true; readonly json: PolicyJson } | { readonly ok: false; readonly complaints: readonly CedarComplaint[] };

let trapped: string | null = null;

/** Null while the engine works; else why everything is denied. For readiness. */
export function policyEngineTrouble(): string | null {
  return trapped;
}

export function parseRule(text: string): CedarRule {
  const answer = guarded(() => policyToJson(text));
  return answer.type === 'success' ? { ok: true, json: answer.json } : { ok: false, complaints: answer.errors.map(complaint) };
}

/** A rule's tree as text again. Throws PolicyEngineError. Numbers beyond 2^53 do not survive the tree. */
export function writeRule(json: PolicyJson): string {
  const answer = guarded(() => policyToText(json));
  if (answer.type !== 'success') throw new PolicyEngineError(`the rule cannot be written: ${answer.errors[0]?.message ?? 'no reason given'}`);
  return answer.text;
}

export type CheckedRules = { readonly errors: readonly (CedarComplaint & { rule: string })[]; readonly warnings: readonly (CedarComplaint & { rule: string })[] };

/** Checks rules (text by id) against the schema. Every rule must have parsed by itself before. */
export function checkRules(rules: Readonly<Record<string, string>>): CheckedRules {
  const answer = guarded(() => validate({ schema: schemaText, policies: { staticPolicies: { ...rules } } }));
  if (answer.type !== 'success') return { errors: answer.errors.map((error) => ({ rule: '', ...complaint(error) })), warnings: [] };
  const named = ({ policyId, error }: { policyId: string; error: DetailedError }) => ({ rule: policyId, ...complaint(error) });
  return { errors: answer.validationErrors.map(named), warnings: answer.validationWarnings.map(named) };
}

/** Puts rules into the named slot, in place of what was there. On a throw the slot holds what it held before. */
export function fillSlot(slot: string, rules: Readonly<Record<string, string>>): void {
  const answer = guarded(() => preparsePolicySet(slot, { staticPolicies: { ...rules } }));
  if (answer.type !== 'success') throw new PolicyEngineError(`the rules do not parse: ${answer.errors[0]?.message ?? 'no reason given'}`);
}

/** `trouble` is set on anything that is not a clean answer; `allowed` is then false. `rules` are the rules that determined it. */
export interface CedarAnswer {
  readonly allowed: boolean;
  readonly rules: readonly string[];
  readonly trouble: string | null;
}

export interface CedarQuestion {
  readonly slot: string;
  readonly principal: TypeAndId;
  readonly action: string;
  readonly resource: TypeAndId;
  readonly context: StatefulAuthorizationCall['context'];
  readonly entities: EntityJson[];
}

/**
 * Asks one question. Without the schema: checking every question against it costs as much again, and what it would find (an
 * attribute that is missing or of another type) fails the rule that needs it, which is trouble here.
 */
export function ask(question: CedarQuestion): CedarAnswer {
  try {
    const answer = guarded(() =>
      statefulIsAuthorized({
        principal: question.principal,
        action: { type: 'Action', id: question.action },
        resource: question.resource,
        context: question.context,
        entities: question.entities,
        preparsedPolicySetId: question.slot,
      }),
    );
    if (answer.type !== 'success') return refused(answer.errors[0]?.message ?? 'the question does not fit the schema');
    const { decision, diagnostics } = answer.response;
    const [broken] = diagnostics.errors;
    if (broken !== undefined) return refused(`rule ${broken.policyId} failed: ${broken.error.message}`);
    return { allowed: decision === 'allow', rules: diagnostics.reason, trouble: null };
  } catch (error) {
    return refused(error instanceof Error ? error.message : 'the policy engine failed');
  }
}

const refused = (trouble: string): CedarAnswer => ({ allowed: false, rules: [], trouble });

function guarded<T>(call: () => T): T {
  if (trapped !== null) throw new PolicyEngineError(trapped);
  try {
    return call();
  } catch (error) {
    const say = error instanceof Error ? error.message : 'unknown fault';
    // Cedar answers failures as values. A trap or an overrun stack leaves it half done; anything else (text that is not
    // Unicode, which JSON cannot carry) was refused before it got there.
    if (error instanceof RangeError || (error instanceof Error && error.name === 'RuntimeError')) trapped = `the policy engine stopped: ${say}`;
    throw new PolicyEngineError(trapped ?? `the policy engine did not take the question: ${say}`, { cause: error });
  }
}

function complaint(error: DetailedError): CedarComplaint {
  const place = error.sourceLocations?.[0];
  const expected = place?.label ?? null;
  const say = error.message.replace(/^failed to parse polic(?:y|ies) from string: /, '').replace(/^for policy `[^`]*`, /, '');
  return { say, hint: error.help ?? expected, at: place?.start ?? null };
}
