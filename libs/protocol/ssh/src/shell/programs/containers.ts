import { plain, unknownArg } from '../arg.ts';
import type { ProgramReader, Programs, ProgramSpec } from '../spec.ts';
import { elsewhere } from './privilege.ts';

const exec: ProgramSpec = { flags: 'ditq', values: 'ceulnw', long: 'detach interactive tty privileged stdin quiet env= user= workdir= container= namespace= detach-keys= env-file=', operands: 'inert', stops: true };

/** `docker exec container command`, `kubectl exec pod -- command`. Everything else that they do is not read. */
const containers: ProgramReader = (call) => {
  const at = call.args.findIndex((arg) => plain(arg) === 'exec');
  call.out.partial();
  if (at === -1 || call.args.slice(0, at).some((arg) => plain(arg) === null)) {
    call.out.add('control', 'server', null, call.name === 'kubectl' || call.name === 'oc' ? 'cluster' : 'containers');
    // Images, builds and mounts run and reach anything.
    return call.out.unknownProgram();
  }
  // Before `exec`, an option may take it for its value.
  if (at > 0) call.out.unknownProgram();
  const { operands, unsure } = call.parse(exec, call.args.slice(at + 1));
  if (unsure) call.out.unknownProgram();
  const [container = unknownArg, ...words] = operands;
  const inner = words.findIndex((word) => plain(word) === '--');
  elsewhere(call, `container:${plain(container) ?? '?'}`, inner === -1 ? words : words.slice(inner + 1), false);
};

export const container: Programs = { docker: containers, podman: containers, nerdctl: containers, kubectl: containers, oc: containers, crictl: containers, 'lxc-attach': containers, lxc: containers, machinectl: containers };
