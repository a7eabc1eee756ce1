import { compileSlice, readPolicySet, sliceFor, type CompiledSlice } from '@sallyport/engine-policy';

/** The policy that the corpora are written for. */
export const corpusPolicy = `
@id("see") permit (principal, action in [Action::"read", Action::"execute"], resource is Object) when { resource.kind == "file" || resource.kind == "program" };
@id("shell") permit (principal, action == Action::"control", resource is Object) when { resource.kind == "session" || resource.kind == "setting" };
@id("data") permit (principal, action == Action::"write", resource is Object) when { resource.kind == "file" && resource.name like "/srv/data/*" };
@id("never") @reason("rm and curl are not for machines") forbid (principal, action == Action::"execute", resource is Object) when { resource.kind == "program" && ["rm", "curl"].contains(resource.name) };
@id("seen") @reason("the command was not understood whole") forbid (principal, action, resource is Object) when { context.reading != "whole" };
`;

/** The same without the last rule, and with leave for all that is not known: what is left is denied for what was found. */
export const laxPolicy = `${corpusPolicy.slice(0, corpusPolicy.indexOf('@id("seen")'))}
@id("any") permit (principal, action in [Action::"unknown", Action::"transfer", Action::"control", Action::"define", Action::"grant"], resource is Object);
`;

export function compiled(text: string): CompiledSlice {
  const read = readPolicySet([{ name: 'corpus.cedar', text }]);
  if (!read.ok) throw new Error('the policy does not parse');
  return compileSlice(sliceFor({
    policySet: read.set,
    machine: { name: 'ci-deploy', owner: 'alice', environment: 'production', criticality: 'high', kind: 'ci', groups: [] },
    target: { name: 'app-1', kind: 'ssh', environment: 'production', tags: [] },
  }));
}
