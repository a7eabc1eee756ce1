import { describe, expect, it } from 'vitest';
import { fail, ok, type Bus, type Caller, type Reply } from '@sallyport/platform-bus';
import { apply } from './apply.ts';
import { policySet, split } from './apply-plan.ts';

const by: Caller = { person: 'ada', roles: ['admin'], groups: [], source: '127.0.0.1' };
const machine = { kind: 'Machine', metadata: { name: 'm' } };
const tags = { kind: 'Classification', metadata: { name: 'c' } };
const policy = { name: 'a.cedar', text: 'permit (principal, action, resource);' };
const change = (kind: string) => ({ kind, name: 'x', change: 'created' as const, version: 1 });

/** The services, noting in which order they were asked what. */
function services(answer: (subject: string, dryRun: boolean) => Reply<unknown> | null = () => null) {
  const asked: string[] = [];
  const usual: Record<string, Reply<unknown>> = {
    'identity.apply': ok({ changes: [change('Machine')], warnings: [], terms: null }),
    'masking.apply': ok({ changes: [change('Classification')], terms: null }),
    'sinks.apply': ok({ changes: [], terms: null }),
    'policy.apply': ok({ changes: [change('Policy')], version: 1, digest: 'd', warnings: ['shadowed'], terms: null }),
    'policy.get': ok({ version: 1, digest: 'd', files: [{ name: 'b.cedar', text: 'old' }] }),
  };
  const files: unknown[] = [];
  const call = (contract: { subject: string }, request: { dryRun?: boolean; files?: unknown }) => {
    const dryRun = request.dryRun === true;
    asked.push(`${contract.subject}${dryRun ? ' trial' : ''}`);
    if (request.files !== undefined) files.push(request.files);
    return Promise.resolve(answer(contract.subject, dryRun) ?? usual[contract.subject]);
  };
  const bus: Pick<Bus, 'call'> = { call: call as unknown as Bus['call'] };
  return { asked, files, run: (request: Partial<Parameters<typeof apply>[2]>) => apply(bus, by, { documents: [], policies: [], dryRun: false, prune: false, ...request }) };
}

describe('applying', () => {
  it('tries everything first, then applies identity, masking and policy in this order', async () => {
    const { asked, run } = services();
    const plan = await run({ documents: [tags, machine], policies: [policy] });
    expect(asked).toEqual(['policy.get', 'identity.apply trial', 'masking.apply trial', 'policy.apply trial', 'identity.apply', 'masking.apply', 'policy.apply']);
    expect(plan).toEqual({ changes: [change('Machine'), change('Classification'), change('Policy')], warnings: ['shadowed'], dryRun: false });
  });
  it('changes nothing when one of them refuses the trial', async () => {
    const { asked, run } = services((subject) => (subject === 'policy.apply' ? fail('invalid', 'a.cedar:1: no such action') : null));
    await expect(run({ documents: [machine], policies: [policy] })).rejects.toMatchObject({ code: 'invalid', message: 'a.cedar:1: no such action' });
    expect(asked.filter((one) => /apply$/.test(one))).toEqual([]);
  });
  it('changes nothing in a dry run', async () => {
    const { asked, run } = services();
    expect((await run({ documents: [machine], policies: [policy], dryRun: true })).dryRun).toBe(true);
    expect(asked.filter((one) => /apply$/.test(one))).toEqual([]);
  });
  it('warns in a dry run of what others have to agree to, and has that refused first when it is meant', async () => {
    const terms = { kinds: ['Classification'], approvers: [{ group: 'board', count: 2 }], binding: 'b' };
    const { asked, run } = services((subject, dryRun) => (subject !== 'masking.apply' ? null : dryRun ? ok({ changes: [change('Classification')], terms }) : fail('change-required', 'propose it')));
    expect((await run({ documents: [machine, tags], dryRun: true })).warnings).toEqual(['Classification: changed only with the approval of 2 of board; propose it with sallyport apply --propose']);
    asked.length = 0;
    await expect(run({ documents: [machine, tags] })).rejects.toMatchObject({ code: 'change-required', message: 'propose it' });
    expect(asked.filter((one) => /apply$/.test(one))).toEqual(['masking.apply']);
  });
  it('says what was applied when a later service fails after its trial', async () => {
    const { run } = services((subject, dryRun) => (subject === 'masking.apply' && !dryRun ? fail('unavailable', 'masking.apply: nobody answers') : null));
    await expect(run({ documents: [machine, tags] })).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('identity had been applied already') });
  });
  it('asks only the services that have something to do, unless it prunes', async () => {
    const { asked, run } = services();
    await run({ documents: [machine] });
    expect(asked).toEqual(['identity.apply trial', 'identity.apply']);
    asked.length = 0;
    await run({ documents: [machine], prune: true });
    expect(asked.filter((one) => /apply$/.test(one))).toEqual(['identity.apply', 'masking.apply', 'sinks.apply', 'policy.apply']);
  });
  it('adds policy files to those that are there, and only pruning removes others', async () => {
    const { files, run } = services();
    await run({ policies: [policy] });
    expect(files[0]).toEqual([policy, { name: 'b.cedar', text: 'old' }]);
    await run({ policies: [policy], prune: true });
    expect(files[2]).toEqual([policy]);
  });
});

describe('documents', () => {
  it('go to the service that owns their kind', () => expect(split([machine, tags])).toEqual({ identity: [machine], masking: [tags], sinks: [] }));
  it.each([
    [{ kind: 'Wizard' }, 'documents.0.kind: Wizard is none of'],
    [{}, 'documents.0.kind: is missing'],
    [null, 'documents.0.kind: is missing'],
  ])('of unknown kind stop everything: %j', (document, say) => expect(() => split([document])).toThrow(say));
});

it('a policy file of the same name replaces the old one', () => expect(policySet([{ name: 'a.cedar', text: 'old' }], [policy], 'add')).toEqual([policy]));
