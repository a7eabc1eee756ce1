import { refusal, uuidv7, type Refusal } from '@sallyport/domain-model';
import type { ClientChannel, ServerChannel } from 'ssh2';
import { refusalText } from '../refuse.ts';
import type { House } from '../session/house.ts';
import { SftpRelay } from './relay.ts';
import { SftpTarget } from './target.ts';

/** Serves SFTP on one channel of a client, by the target's own SFTP server. Resolves when the channel is over; never rejects. */
export async function serveSftp(house: House, channel: ServerChannel, onKill: (kill: (said: Refusal) => void) => void): Promise<void> {
  channel.on('error', () => undefined);
  channel.pause();
  const upstream = await openSubsystem(house);
  if (upstream === null) {
    const said = refusal('target-unavailable', 'the target offers no SFTP', uuidv7());
    house.session.gate.refused(said, 'sftp');
    channel.stderr.write(refusalText(said));
    channel.exit(1);
    channel.end();
    return;
  }
  let relay: SftpRelay | null = null;
  const target = new SftpTarget(upstream, house.upstreamSocket, { drained: () => relay?.drained(), failed: () => upstream.close() });
  const over = new Promise<void>((resolve) => {
    channel.once('close', resolve);
    house.socket.once('close', resolve);
  });
  const ended = new Promise<void>((resolve) => upstream.once('close', () => resolve()));
  const offered = await Promise.race([target.hello(), over.then(() => null), ended.then(() => null)]);
  if (offered !== null) {
    const made = new SftpRelay(house, channel, target, offered);
    relay = made;
    onKill((said) => made.kill(said));
  }
  channel.once('end', () => upstream.end());
  channel.resume();
  await Promise.race([over, ended]);
  await relay?.settled();
  relay?.end();
  if (channel.writable) {
    channel.exit(0);
    channel.end();
  }
  upstream.close();
}

function openSubsystem({ upstream }: House): Promise<ClientChannel | null> {
  return new Promise((resolve) => {
    upstream.subsys('sftp', (error, channel) => {
      if (error) return resolve(null);
      channel.on('error', () => undefined);
      resolve(channel);
    });
  });
}
