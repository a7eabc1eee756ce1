import type { ProgramReader, Programs } from '../spec.ts';

/** The target's own SFTP server, started as a program: what it is then asked is not seen. */
const server: ProgramReader = (call) => {
  call.out.recogniser = 'sftp';
  call.out.unknownFile();
  call.out.unknownProgram();
};

export const sftpServers: Programs = { 'sftp-server': server, 'internal-sftp': server };
