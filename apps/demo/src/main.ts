import { mustBeDemo } from './issuer/demo-mode.ts';
import { startDemoIssuer } from './issuer/start-demo-issuer.ts';

/** The demo's token issuer as a process: SALLYPORT_DEMO=1, SALLYPORT_STATE (a directory), SALLYPORT_HTTP (a loopback host:port). */
async function main(): Promise<void> {
  const { SALLYPORT_HTTP: http = '', SALLYPORT_STATE: stateDir = '' } = process.env;
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(http) ?? [];
  if (host === '' || stateDir === '') throw new Error('SALLYPORT_HTTP (host:port) and SALLYPORT_STATE (a directory) must be set');
  const bare = host.replace(/^\[|\]$/g, '');
  mustBeDemo(process.env, bare);
  const issuer = await startDemoIssuer({ host: bare, port: Number(port), stateDir, onFault: (what) => process.stderr.write(`${JSON.stringify({ level: 'error', service: 'demo', msg: 'the issuer failed', what })}\n`) });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void issuer.stop().then(() => process.exit(0)));
  process.stdout.write(`${JSON.stringify({ level: 'info', service: 'demo', msg: 'ready', issuer: issuer.issuer })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'the demo issuer could not start'}\n`);
  process.exit(2);
});
