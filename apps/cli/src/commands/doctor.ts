import { Command } from 'commander';
import type { Answer, Api } from '../api.ts';
import { does } from '../context.ts';
import { exit } from '../exit.ts';
import { Failure } from '../failure.ts';
import { visibleLine } from '../output/visible.ts';
import type { Credential } from '../settings.ts';
import { health, me } from '../shapes.ts';
import { version } from '../version.ts';
import { governanceFindings } from './doctor-governance.ts';

export const doctorCommand = (): Command =>
  does(new Command('doctor').description('check the way from here to a working Sallyport, and say what is wrong'), async ({ out, api, settings }) => {
    const findings: Finding[] = [];
    const { api: address, ca, credential } = settings();
    findings.push({ check: 'settings', ok: true, say: `${address.origin}, ${ca === null ? "the system's authorities" : 'own authority (SALLYPORT_CA)'}, ${tokenFrom(credential)}` });
    const answer = await reach(api(), findings);
    if (answer !== null) {
      services(answer, findings);
      clock(answer, Date.now(), findings);
      const roles = await who(api(), findings);
      if (roles !== null) findings.push(...(await governanceFindings(api(), roles, Date.now())));
    }
    const well = findings.every(({ ok }) => ok);
    out.show({ ok: well, version, findings }, (value) => value.findings.map(({ check, ok, say }) => `${ok ? out.paint('good', 'ok  ') : out.paint('bad', 'FAIL')}  ${check.padEnd(10)}  ${visibleLine(say)}`).join('\n'));
    return well ? exit.ok : exit.failed;
  });

function tokenFrom(credential: Credential): string {
  switch (credential.from) {
    case null:
      return 'no token';
    case 'login':
      return `login of ${credential.login.person}`;
    default:
      return `token from ${credential.from}`;
  }
}

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly say: string;
}

async function reach(api: Api, findings: Finding[]): Promise<Answer | null> {
  try {
    const answer = await api.raw('GET', '/v1/health');
    findings.push({ check: 'api', ok: true, say: 'reachable' });
    return answer;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    findings.push({ check: error.code === 'tls' ? 'tls' : 'api', ok: false, say: `${error.message}${error.wayOut === null ? '' : `; ${error.wayOut}`}` });
    return null;
  }
}

function services({ body, status }: Answer, findings: Finding[]): void {
  const parsed = health.safeParse(body);
  if (!parsed.success) {
    findings.push({ check: 'services', ok: false, say: `the health page is not understood (status ${status}); is this the console?` });
    return;
  }
  const same = parsed.data.version === version;
  findings.push({ check: 'version', ok: same, say: same ? version : `sallyport is ${version}, the console is ${parsed.data.version}` });
  for (const { service, ok, say } of parsed.data.services) findings.push({ check: service, ok, say });
}

/** Tokens, approvals and leases all live by the clock. */
const toleratedMs = 5_000;

function clock({ headers }: Answer, now: number, findings: Finding[]): void {
  const theirs = typeof headers.date === 'string' ? Date.parse(headers.date) : Number.NaN;
  if (Number.isNaN(theirs)) return;
  const offset = now - theirs;
  const ok = Math.abs(offset) <= toleratedMs;
  findings.push({ check: 'clock', ok, say: ok ? 'agrees with the console' : `this clock is ${Math.round(Math.abs(offset) / 1000)} s ${offset > 0 ? 'ahead of' : 'behind'} the console's; tokens may be refused` });
}

/** The roles of whoever is logged in; null where nobody is. */
async function who(api: Api, findings: Finding[]): Promise<readonly string[] | null> {
  try {
    const { person, roles, groups, tokenExpires } = await api.get('/v1/me', me);
    findings.push({ check: 'token', ok: true, say: `you are ${person}, roles ${list(roles)}, approver groups ${list(groups)}${tokenExpires === null ? '' : `, until ${tokenExpires}`}` });
    return roles;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    findings.push({ check: 'token', ok: false, say: `${error.message}${error.wayOut === null ? '' : `; ${error.wayOut}`}` });
    return null;
  }
}

const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));
