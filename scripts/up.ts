import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDemo, type Demo } from './stack/demo.ts';
import { startStack, type Stack } from './stack/stack.ts';
import { tellStory } from './stack/story.ts';

// The embedded stack as one process that keeps the others: run by scripts/up, which has brought Node, packages and the build.
const home = process.env['SALLYPORT_HOME'] ?? join(import.meta.dirname, '..', '.sallyport');
const demoWanted = !process.argv.includes('--no-demo');
const pidFile = join(home, 'up.pid');
const readyFile = join(home, 'ready');
const print = (line: string) => process.stdout.write(`${line}\n`);
const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;

if (existsSync(pidFile) && alive(Number(readFileSync(pidFile, 'utf8')))) {
  print(`a stack is running in ${home}: stop it with scripts/up --down`);
  process.exit(1);
}
let stack: Stack | null = null;
let demo: Demo | null = null;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void down(0));

try {
  stack = await startStack({ home, say: (step) => print(`  ${step} …`) });
  writeFileSync(pidFile, String(process.pid));
  if (demoWanted) {
    demo = await startDemo(stack, (step) => print(`  ${step} …`));
    print(`  ready after ${seconds()}`);
    await tellStory(stack, demo, print);
  }
  writeFileSync(readyFile, '');
  printConnecting(stack);
} catch (error) {
  print(`\nscripts/up: ${error instanceof Error ? error.message : String(error)}`);
  await down(1);
}

function printConnecting({ env }: Stack): void {
  const [host, port] = (env['SALLYPORT_PG'] ?? '').split(':');
  print(`\nSallyport is up after ${seconds()}. Logs: ${join(home, 'logs')}   Stop: Ctrl-C, or scripts/up --down\n`);
  print(`  source ${join(home, 'env')}`);
  if (demo === null) {
    print('  scripts/sallyport apply -f DIRECTORY\n');
    return;
  }
  print(`  export PGPASSWORD=$(scripts/sallyport demo token nightly-ledger)`);
  print(`  psql "host=${host} port=${port} user=ledger-db dbname=ledger sslmode=verify-full sslrootcert=$SALLYPORT_CA"`);
  if (demo.box !== null) printSsh(env);
  print('  scripts/sallyport login      # be alice, bob, carol, dora or erin, in a browser\n');
}

/** A certificate on a key of one's own by curl, the one line of known_hosts, and a command. */
function printSsh(env: Readonly<Record<string, string>>): void {
  const [host, port] = (env['SALLYPORT_SSH'] ?? '').split(':');
  print(`  ssh-keygen -q -t ed25519 -N '' -f ${join(home, 'id')}; curl -sS --cacert $SALLYPORT_CA $SALLYPORT_TOKEN_URL/.well-known/sallyport/ssh_known_hosts >${join(home, 'known_hosts')}`);
  print(`  curl -sS --cacert $SALLYPORT_CA $SALLYPORT_TOKEN_URL/v1/token -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange -d subject_token_type=urn:ietf:params:oauth:token-type:jwt \\`);
  print(`    -d requested_token_type=urn:sallyport:params:oauth:token-type:ssh-user-cert -d audience=ops-box -d extension=permit-pty -d subject_token=$PGPASSWORD --data-urlencode public_key@${join(home, 'id.pub')} | node -p 'JSON.parse(require("fs").readFileSync(0)).access_token' >${join(home, 'id-cert.pub')}`);
  print(`  ssh -o UserKnownHostsFile=${join(home, 'known_hosts')} -i ${join(home, 'id')} -p ${port} ops-box@${host} uptime\n`);
}

async function down(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  rmSync(readyFile, { force: true });
  await demo?.stop();
  await stack?.stop();
  rmSync(pidFile, { force: true });
  process.exit(code);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('up.ts');
  } catch {
    return false;
  }
}
