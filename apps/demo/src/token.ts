import { demoToken } from './issuer/mint.ts';

/** `node token.js NAME`: prints a token of the running demo issuer. SALLYPORT_STATE is the issuer's directory. */
const [name = ''] = process.argv.slice(2);
try {
  process.stdout.write(`${await demoToken(name, process.env['SALLYPORT_STATE'] ?? '')}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : 'no token'}\n`);
  process.exitCode = 2;
}
