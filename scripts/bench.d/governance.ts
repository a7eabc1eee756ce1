import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

// Ten thousand machines, ten thousand people, a hundred thousand entitlements: connections, sessions, renewals, lists and changes, beside the same with a few, by identity on a real database and bus.
const { values: asked } = parseArgs({ options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false }, machines: { type: 'string' } } });
if (asked.json) throw new Error('--json: this bench prints lines only');
const machines = Number(asked.machines ?? (asked.quick ? 500 : 10_000));
if (!Number.isInteger(machines) || machines < 10) throw new RangeError(`--machines ${asked.machines ?? ''}: a number of at least 10`);
const root = join(import.meta.dirname, '..', '..');
process.stdout.write(`${machines} machines on ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}\n`);
const child = spawn(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--no-file-parallelism', '--project', 'identity', 'src/entitlements/scale', 'src/lifecycle/scale', 'src/uses/scale'], {
  cwd: root, env: { ...process.env, SALLYPORT_SUITE: 'int', SALLYPORT_SCALE: String(machines) }, stdio: 'inherit',
});
child.on('exit', (code) => process.exit(code ?? 1));
