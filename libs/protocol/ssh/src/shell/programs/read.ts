import { literal } from '../arg.ts';
import type { ProgramReader, Programs, ProgramSpec } from '../spec.ts';

const sums: ProgramSpec = { flags: 'btz', long: 'binary text zero tag', operands: 'read' };

/** The first operand is read, the second written. */
function through(spec: ProgramSpec): ProgramReader {
  return (call) => {
    const { operands } = call.parse(spec);
    const [from, to, ...more] = operands;
    if (from !== undefined) call.file('read', from);
    if (to !== undefined) call.file('write', to);
    if (more.length > 0) call.unsure();
  };
}

const decompress: ProgramReader = (call) => {
  const { operands } = call.parse({ flags: 'fqvkd', operands: 'read' });
  for (const file of operands) call.file('read', file);
};

/** Programs that read files and print. */
export const read: Programs = {
  cat: { flags: 'AbeEnstTuv', long: 'show-all number-nonblank show-ends number squeeze-blank show-tabs show-nonprinting', operands: 'read' },
  tac: { flags: 'br', values: 's', operands: 'read' },
  head: { flags: 'qvz', values: 'cn', long: 'bytes= lines= quiet silent verbose zero-terminated', operands: 'read', numbers: true },
  tail: { flags: 'fFqvz', values: 'cns', long: 'bytes= lines= follow? retry pid= sleep-interval= quiet silent verbose zero-terminated', operands: 'read', numbers: true },
  wc: { flags: 'clmwL', long: 'bytes chars lines words max-line-length', operands: 'read' },
  nl: { flags: 'p', values: 'bdfhilnsvw', operands: 'read' },
  od: { flags: 'bcdDfhHiIlLoOsxXv', values: 'AjNtSw', operands: 'read' },
  hexdump: { flags: 'bcCdovx', values: 'ensf', acts: { '-f': 'read' }, operands: 'read' },
  strings: { flags: 'afow', values: 'netT', operands: 'read', numbers: true },
  sort: {
    flags: 'bdfghiMnRrVcCmsuz', values: 'kSt',
    long: 'key= field-separator= reverse unique numeric-sort general-numeric-sort human-numeric-sort month-sort version-sort random-sort stable merge buffer-size= parallel= ignore-case ignore-leading-blanks ignore-nonprinting dictionary-order zero-terminated check? sort= debug',
    acts: { '-o': 'write', '--output': 'write', '-T': 'write', '--temporary-directory': 'write', '--compress-program': 'program', '--random-source': 'read' },
    operands: 'read',
  },
  uniq: through({ flags: 'cdDiuz', values: 'fsw', long: 'count repeated unique ignore-case zero-terminated skip-fields= skip-chars= check-chars=', operands: 'read' }),
  xxd: through({ flags: 'abeEipPrCuv', values: 'cglos', operands: 'read' }),
  cut: { flags: 'nsz', values: 'bcdf', long: 'bytes= characters= delimiter= fields= complement only-delimited output-delimiter= zero-terminated', operands: 'read' },
  paste: { flags: 'sz', values: 'd', long: 'delimiters= serial zero-terminated', operands: 'read' },
  join: { flags: 'iz', values: '12aejotv', long: 'header check-order nocheck-order ignore-case', operands: 'read' },
  comm: { flags: '123z', long: 'check-order nocheck-order output-delimiter= total zero-terminated', operands: 'read' },
  diff: {
    flags: 'abBcdeEinNpqsStTuwyl', values: 'CUWFxI', long: 'brief unified? context? ignore-case ignore-all-space ignore-space-change ignore-blank-lines text side-by-side width= color? report-identical-files new-file label= exclude= suppress-common-lines strip-trailing-cr',
    acts: { '-r': '+recursive', '--recursive': '+recursive', '-X': 'read', '--exclude-from': 'read' }, operands: 'read',
  },
  cmp: { flags: 'bls', values: 'in', operands: 'read' },
  md5sum: sums, sha1sum: sums, sha224sum: sums, sha256sum: sums, sha384sum: sums, sha512sum: sums, b2sum: sums, cksum: sums, sum: { flags: 'rs', operands: 'read' },
  base64: { flags: 'di', values: 'w', long: 'decode ignore-garbage wrap=', operands: 'read' },
  base32: { flags: 'di', values: 'w', long: 'decode ignore-garbage wrap=', operands: 'read' },
  fold: { flags: 'bs', values: 'w', operands: 'read' }, fmt: { flags: 'cstu', values: 'gpw', operands: 'read' }, expand: { flags: 'i', values: 't', operands: 'read' }, unexpand: { flags: 'a', values: 't', operands: 'read' },
  rev: { operands: 'read' }, column: { flags: 'tenx', values: 'csoNRHOW', long: 'table separator= output-separator=', operands: 'read' }, tsort: { operands: 'read' }, pr: { flags: 'aAdFfJmrtTv', values: 'DhlNoW', operands: 'read' },
  stat: { flags: 'fLt', values: 'c', long: 'format= printf= dereference file-system terse cached=', operands: 'read' },
  file: { flags: 'bhikLNprsz0', values: 'eF', long: 'brief mime mime-type mime-encoding dereference no-dereference', operands: 'read' },
  ls: {
    flags: 'aAbBcCdfFgGhHiklLmnNopqQrsStuUvxXZ1', values: 'ITw', long: 'all almost-all author escape block-size= ignore-backups color? directory classify? file-type format= full-time group-directories-first no-group human-readable si inode ignore= numeric-uid-gid quote-name quoting-style= reverse size sort= time= time-style= dereference zero',
    acts: { '-R': '+recursive', '--recursive': '+recursive' }, operands: 'read', here: true,
  },
  du: { flags: 'abcDhHklLmPsSx0', values: 'Bdt', long: 'all apparent-size bytes total human-readable si max-depth= summarize one-file-system exclude= threshold= time? time-style= separate-dirs block-size=', operands: 'read', here: true },
  readlink: { flags: 'femnqsvz', long: 'canonicalize canonicalize-existing canonicalize-missing no-newline quiet silent', operands: 'read' },
  realpath: { flags: 'eEmLPqsz', long: 'relative-to= relative-base= canonicalize-existing canonicalize-missing quiet', operands: 'read' },
  tree: { flags: 'adfilpsughDFrtCAS', values: 'LPI', operands: 'read', here: true },
  zcat: decompress, bzcat: decompress, xzcat: decompress, lzcat: decompress,
  getfacl: { flags: 'acdeEsRLPtpn', operands: 'read' }, lsattr: { flags: 'RVadlpv', operands: 'read', here: true },
  lsof: (call) => call.file('read', literal('/proc')),
};
