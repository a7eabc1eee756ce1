import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { governancePropose, governanceSimulate, governanceUsage, type Proposal, type Simulation } from '@sallyport/platform-bus';
import { describeProblem, readPolicySet } from '@sallyport/engine-policy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { approvers, caller, House, machine, target } from '../testing/house.ts';

let house: House;
const rita = caller('rita', 'operator');
const day = 86_400_000;
const now = () => Date.now();
let ledgerPolicy = '';

beforeAll(async () => {
  house = await House.open();
  ledgerPolicy = await readFile(join(import.meta.dirname, '../../../demo/config/policies/ledger.cedar'), 'utf8');
  await house.show(machine('nightly'), machine('deploy', { groups: ['ci'], kind: 'ci' }), target('ledger-db'), target('box', { kind: 'ssh' }), approvers('ledger-owners', ['ann']));
  await house.start();
});
beforeEach(async () => {
  house.policies = [{ name: 'ledger.cedar', text: ledgerPolicy }];
  await house.reset();
});
afterAll(() => house[Symbol.asyncDispose]());

async function propose(name = 'nightly', days = 30): Promise<Proposal> {
  await house.read();
  const answer = await house.console.call(governancePropose, { by: rita, machine: name, days }, 30_000);
  if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.say}`);
  return answer.value;
}
async function simulate(text: string, over: { machine?: string; days?: number } = {}): Promise<Simulation> {
  await house.read();
  const answer = await house.console.call(governanceSimulate, { by: rita, files: [{ name: 'draft.cedar', text }], ...over }, 30_000);
  if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.say}`);
  return answer.value;
}

/** What the nightly job does in the demo, and what it is refused. */
function story(at = now()): void {
  const nightly = house.ledger.session('nightly', 'ledger-db', { at });
  for (let i = 0; i < 12; i++) nightly.run(['read ledger.customers'], { rules: ['ledger-read'] });
  for (let i = 0; i < 5; i++) nightly.run(['control session:begin'], { kind: 'BEGIN', rules: ['ledger-session'] });
  nightly.run(['write ledger.entries'], { kind: 'INSERT', rules: ['ledger-write'] });
  nightly.run(['write ledger.accounts'], { kind: 'INSERT', rules: ['ledger-write'] });
  nightly.run(['write ledger.accounts'], { kind: 'UPDATE', decision: 'hold', rules: ['ledger-balances'], say: 'ask' });
  nightly.run(['write ledger.entries'], { kind: 'DELETE', rules: ['ledger-write'] });
  nightly.run(['write ledger.entries'], { kind: 'DELETE', decision: 'deny', rules: ['ledger-no-mass-delete'], say: 'no' });
  nightly.run(['define ledger.entries'], { kind: 'DROP TABLE', decision: 'deny', rules: ['ledger-no-drop'], say: 'no' });
  nightly.run(['read hr.salaries'], { decision: 'deny', rules: [], say: 'no rule permits' });
}

describe('right-sizing', () => {
  it('writes the least policy that would have allowed what was used, which says how often and when last', async () => {
    story();
    const { file, check, left, rules, digest } = await propose();
    expect([check.wrong, left]).toEqual([[], []]);
    expect(check).toMatchObject({ commands: 25, allowed: 21, held: 1, denied: 3, undecided: 0 });
    expect(file.text).toContain('// read: 12 times, last on ');
    expect(file.text).toContain('resource == Object::"ledger-db/ledger.customers"');
    expect(file.text).not.toContain('hr.salaries');
    const read = readPolicySet([file]);
    expect(read.ok ? [read.set.digest, read.set.rules.length] : read.problems.map(describeProblem)).toEqual([digest, rules]);
    expect((await house.events('policy.proposed')).at(-1)).toMatchObject({ who: { id: 'person:rita' }, d: { machine: 'nightly', digest, rules } });
  });

  it('permits nothing of what was denied, and keeps held what was held: what it says of the past is what was', async () => {
    story();
    const { file } = await propose();
    const { changed, told, undecided, same } = await simulate(file.text);
    expect([changed, told]).toEqual([0, []]);
    // A DELETE with and without WHERE look the same in the recording.
    expect(undecided).toEqual([{ rules: ['nightly.keeps.ledger-no-mass-delete'], needs: ['hasWhere'], commands: 2, example: expect.any(String) }]);
    expect(same).toBe(23);
    const wider = await simulate(`${file.text}\n@id("wide") permit(principal, action, resource in Schema::"ledger-db/hr");`);
    expect(wider.told).toMatchObject([{ from: 'deny', to: 'allow', effects: ['read hr.salaries'], commands: 1 }]);
  });

  it('narrows the policy in force to what was used, when its rules are added', async () => {
    story();
    const { narrowing } = await propose();
    if (narrowing === null) throw new Error('nothing to narrow');
    expect(await simulate(`${ledgerPolicy}\n${narrowing.text}`)).toMatchObject({ changed: 0 });
    // What is permitted now and was not used is permitted no more.
    const nightly = house.ledger.session('nightly', 'ledger-db');
    nightly.run(['read ledger.entries'], { rules: ['ledger-read'] });
    nightly.run(['write ledger.customers'], { kind: 'INSERT', rules: ['ledger-write'] });
    expect((await simulate(`${ledgerPolicy}\n${narrowing.text}`)).told.map(({ from, to, effects, rules }) => [from, to, effects, rules])).toEqual(expect.arrayContaining([
      ['allow', 'deny', ['read ledger.entries'], ['nightly.narrowed.ledger-db.read']], ['allow', 'deny', ['write ledger.customers'], ['nightly.narrowed.ledger-db.write']],
    ]));
  });

  it('writes what needs the word of somebody with those who have to give it', async () => {
    const deploy = house.ledger.session('deploy', 'ledger-db');
    const command = deploy.run(['define ledger.entries'], { kind: 'ALTER TABLE', decision: 'hold', rules: ['ledger-deploy'], say: 'ask' });
    deploy.run(['define ledger.entries'], { kind: 'ALTER TABLE', rules: ['ledger-deploy'], approval: 'a', command });
    const { file, check } = await propose('deploy');
    expect(file.text).toMatch(/@approvers\("ledger-owners"\)\n@quorum\("1"\)\n@expires\("1800s"\)\npermit \(principal == Machine::"deploy", action == Action::"define"/);
    expect(check).toMatchObject({ held: 1, wrong: [] });
  });

  it('says what it leaves out, and never permits a directory for the files that were used in it', async () => {
    const box = house.ledger.session('nightly', 'box', { protocol: 'ssh' });
    for (let i = 0; i < 30; i++) box.run([`read file:/var/log/${i}.log`], { kind: 'sftp' });
    box.run(['read a.b.c']);
    await house.read();
    await house.sql("update governance.decided_input set rolled = 1, effects = '{read file:/var/log/*}' where effects = '{read file:/var/log/7.log}'");
    const { file, left } = await propose();
    expect(left.map(({ what, commands }) => [what, commands])).toEqual([['read file:/var/log/*', 1], ['read a.b.c', 1]]);
    expect(file.text).not.toContain('/var/log/*');
    expect(file.text).not.toContain('/7.log');
    expect(file.text).toContain('/8.log');
  });

  it('survives names that were chosen to break it out of a comment, a string or a rule', async () => {
    const evil = ['read file:/x"};permit(principal,action,resource);//', 'read file:/a\npermit(principal,action,resource);', 'read file:/b\\', 'read file:/\u2028permit', 'read file:/*/', 'read setting:${x}'];
    const box = house.ledger.session('nightly', 'box', { protocol: 'ssh', role: 'a"b' });
    for (const effect of evil) box.run([effect], { kind: 'sf"tp' });
    const { file, check, left } = await propose();
    expect([check.wrong, check.allowed]).toEqual([[], evil.length - 2 + 1]);
    expect(left.map(({ why, commands }) => [why, commands])).toEqual([['its name has characters that no rule may have', 1], ['its name has characters that no rule may have', 1]]);
    const read = readPolicySet([file]);
    expect(read.ok && read.set.rules.filter(({ scope, effect }) => effect === 'permit' && (scope.principal === null || scope.resource === null))).toEqual([]);
  });

  it('looks at the last days only, and has nothing to say of a machine that did nothing', async () => {
    story(now() - 40 * day);
    await house.read();
    expect(await house.console.call(governancePropose, { by: rita, machine: 'nightly' })).toMatchObject({ ok: false, error: { code: 'unused' } });
    expect((await propose('nightly', 60)).check.wrong).toEqual([]);
    expect(await house.console.call(governancePropose, { by: rita, machine: 'nobody' })).toMatchObject({ ok: false, error: { code: 'not-found' } });
    expect(await house.console.call(governancePropose, { by: caller('eve'), machine: 'nightly' })).toMatchObject({ ok: false, error: { code: 'denied' } });
  });
});

describe('simulation', () => {
  it('lists what would have changed, by machine and object, with an example', async () => {
    story();
    const { told, changed, commands, assumes, digest } = await simulate(`
      @id("c") permit(principal, action == Action::"connect", resource);
      @id("s") permit(principal, action == Action::"control", resource in Target::"ledger-db") when { resource.kind == "session" };
      @id("r") @approvers("ledger-owners") permit(principal, action == Action::"read", resource) when { context.approval };
      @id("w") permit(principal, action == Action::"write", resource in Schema::"ledger-db/ledger");`);
    expect(told.map(({ from, to, effects, commands: n }) => [from, to, effects.join(), n])).toEqual(expect.arrayContaining([
      ['allow', 'hold', 'read ledger.customers', 12], ['hold', 'allow', 'write ledger.accounts', 1], ['deny', 'allow', 'write ledger.entries', 1], ['deny', 'hold', 'read hr.salaries', 1],
    ]));
    expect([changed, commands]).toEqual([15, 25]);
    expect(told[0]?.example).toMatch(/^[0-9a-f-]{36}$/);
    expect(assumes.length).toBeGreaterThan(0);
    expect((await house.events('policy.simulated')).at(-1)).toMatchObject({ who: { id: 'person:rita' }, d: { digest, commands, changed } });
  });

  it('never guesses what was not recorded: it says what a rule needs', async () => {
    story();
    const { undecided, told } = await simulate(`${ledgerPolicy}\n@id("hours") forbid(principal, action == Action::"read", resource) when { context.hour < 6 };\n@id("from") forbid(principal, action == Action::"connect", resource) unless { context.source.isInRange(ip("10.0.0.0/8")) };`);
    expect(told).toEqual([]);
    expect(undecided).toEqual(expect.arrayContaining([
      expect.objectContaining({ rules: ['hours'], needs: ['hour'], commands: 12 }), expect.objectContaining({ rules: ['from'], needs: ['source'], commands: 1 }),
      expect.objectContaining({ rules: ['ledger-no-mass-delete'], needs: ['hasWhere'], commands: 2 }),
    ]));
  });

  it('does not know what is classified before somebody shows it', async () => {
    story();
    const draft = `${ledgerPolicy}\n@id("pii") forbid(principal, action == Action::"read", resource is Object) when { resource.tags.contains("us.ssn") };`;
    expect((await simulate(draft)).undecided).toEqual(expect.arrayContaining([expect.objectContaining({ rules: ['pii'], needs: ['resource.tags'], commands: 12 })]));
    const masking = await house.nats.connect('masking');
    await (await masking.kv('plans')).put('ledger-db', { revision: 1, plan: { id: 'p1', target: 'ledger-db', columns: [{ column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'redact' }], detectors: [], large: [] } });
    await expect.poll(async () => (await simulate(draft)).told.map(({ effects }) => effects.join())).toEqual(['read ledger.customers']);
  });

  it('passes over what it cannot try, and says why', async () => {
    house.ledger.session('gone', 'ledger-db').run(['read ledger.customers']);
    house.ledger.session('nightly', 'away').run(['read ledger.customers']);
    const { passed, changed } = await simulate(ledgerPolicy);
    expect([changed, passed.map(({ why, commands }) => [why, commands])]).toEqual([0, expect.arrayContaining([['the machine is not in the inventory any more', 2], ['the target is not in the inventory any more', 2]])]);
  });

  it('refuses a draft that is no policy', async () => {
    expect(await house.console.call(governanceSimulate, { by: rita, files: [{ name: 'a.cedar', text: 'permit(principal, action, resource' }] })).toMatchObject({ ok: false, error: { code: 'invalid', say: expect.stringContaining('a.cedar:1') } });
    expect(await house.console.call(governanceSimulate, { by: caller('eve'), files: [] })).toMatchObject({ ok: false, error: { code: 'denied' } });
  });

  it('replays a million commands of a thousand distinct decisions at once', async () => {
    const nightly = house.ledger.session('nightly', 'ledger-db');
    for (let i = 0; i < 1000; i++) nightly.run([`read ledger.t${i % 250}`, `write ledger.u${i % 125}`], { kind: `K${Math.floor(i / 250)}` });
    await house.read();
    await house.sql('update governance.decided_day set commands = 1000');
    const from = performance.now();
    const { commands, distinct } = await simulate(ledgerPolicy);
    process.stdout.write(`simulation: ${commands} commands, ${distinct} distinct, ${Math.round(performance.now() - from)} ms\n`);
    expect([commands, distinct]).toEqual([1_001_000, 1001]);
  });
});

describe('use', () => {
  it('is told to people, most first, with how far the ledger was read', async () => {
    story();
    await house.read();
    const answer = await house.console.call(governanceUsage, { by: rita, machine: 'nightly', limit: 2 });
    expect(answer).toMatchObject({ ok: true, value: { upTo: house.ledger.leaves.length, total: 7, used: [{ verb: 'read', object: 'ledger.customers', commands: 12, allowed: 12 }, { verb: 'control', object: 'session:begin', commands: 5 }] } });
    expect(await house.console.call(governanceUsage, { by: caller('eve'), machine: 'nightly' })).toMatchObject({ ok: false, error: { code: 'denied' } });
  });
});
