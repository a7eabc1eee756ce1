import { Command } from 'commander';
import { does } from '../context.ts';
import { Failure } from '../failure.ts';
import { claimsText, readClaims } from '../output/claims.ts';

export const tokenCommand = (): Command => new Command('token').description('look at tokens').addCommand(inspect());

/** Reads what a token says of itself. It verifies nothing and sends nothing, and does not print the token. */
const inspect = () =>
  does(
    new Command('inspect')
      .description('print the claims of a token; nothing is verified and nothing is sent')
      .argument('[token]', 'the token, or - for standard input; default SALLYPORT_TOKEN'),
    async ({ out, env }, [given]) => {
      const token = given === '-' ? await standardInput() : (given ?? env['SALLYPORT_TOKEN']);
      if (token === undefined || token.trim() === '') throw new Failure('usage', 'no token given', 'give one, pipe one to `sallyport token inspect -`, or set SALLYPORT_TOKEN');
      const claims = readClaims(token.trim());
      out.show({ verified: false, ...claims }, () => claimsText(claims, Date.now()));
    },
  );

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
