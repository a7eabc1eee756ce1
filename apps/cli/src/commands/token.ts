import { Command } from 'commander';
import { does } from '../context.ts';
import { exit, type ExitCode } from '../exit.ts';
import { Failure } from '../failure.ts';
import { claimsText, readClaims } from '../output/claims.ts';
import { resolutionText } from '../output/resolution.ts';
import { tokenExplanation } from '../shapes.ts';
import { standardInput } from '../standard-input.ts';
import { tokenExchange } from './token-exchange.ts';

export const tokenCommand = (): Command => new Command('token').description('look at tokens, and exchange them').addCommand(inspect()).addCommand(tokenExchange());

/**
 * Reads what a token says of itself: nothing is verified, nothing is sent. With --resolve the console is asked what it would be; the token goes there, over
 * the API, and nowhere else. It is never printed. Sending is asked for and no default, because the token may be meant for others.
 */
const inspect = () =>
  does(
    new Command('inspect')
      .description('print the claims of a token; nothing is verified and nothing is sent, unless --resolve is given')
      .argument('[token]', 'the token, or - for standard input; default SALLYPORT_TOKEN')
      .option('--resolve', 'ask the console which machine or person it would be, and why not; 10 when it would be refused'),
    async ({ out, env, api }, [given], options): Promise<ExitCode> => {
      const token = (given === '-' ? await standardInput() : (given ?? env['SALLYPORT_TOKEN']))?.trim();
      if (token === undefined || token === '') throw new Failure('usage', 'no token given', 'give one, pipe one to `sallyport token inspect -`, or set SALLYPORT_TOKEN');
      const claims = readClaims(token);
      if (options['resolve'] !== true) {
        out.show({ verified: false, ...claims }, () => claimsText(claims, Date.now()));
        return exit.ok;
      }
      const resolution = await api().post('/v1/tokens/explain', { token }, tokenExplanation);
      out.show({ verified: resolution.issuer !== null, ...claims, resolution }, () => `${claimsText(claims, Date.now())}\n\n${resolutionText(resolution, out)}`);
      return resolution.verdict === 'refused' ? exit.denied : exit.ok;
    },
  );
