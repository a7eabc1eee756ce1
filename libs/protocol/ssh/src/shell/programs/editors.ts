import { isUnknown, plain } from '../arg.ts';
import type { ProgramReader, Programs } from '../spec.ts';

/** Takes commands from options, keys and input, and can run any program. */
const edits: ProgramReader = (call) => {
  call.out.unknownProgram();
  for (const arg of call.args) if (!/^[-+]/.test(plain(arg) ?? '-')) call.file('write', arg);
};

/** Shows files. On a terminal it can run programs; its environment names some that it runs by itself. */
const pages: ProgramReader = (call) => {
  call.out.partial();
  for (const arg of call.args) {
    const word = plain(arg);
    if (isUnknown(arg) || (word !== null && /^\+|^-[^-]*[^FRSXNieEfgGmMnqQrsSwW-]/.test(word)) || word?.startsWith('--') === true) call.out.unknownProgram();
    else if (word?.startsWith('-') !== true) call.file('read', arg);
  }
};

/** Formatters and pagers run on what it finds. */
const manual: ProgramReader = (call) => {
  call.out.partial();
  if (!call.args.every((arg) => /^[\w.+-]+$/.test(plain(arg) ?? '') && !/^-[^afkw]|^--/.test(plain(arg) ?? ''))) call.out.unknownProgram();
};

export const editors: Programs = {
  vi: edits, vim: edits, nvim: edits, view: edits, vimdiff: edits, rvim: edits, gvim: edits, ex: edits, ed: edits, red: edits, emacs: edits, emacsclient: edits, nano: edits, pico: edits, joe: edits, mcedit: edits, mc: edits, micro: edits, editor: edits, 'sensible-editor': edits, patch: edits,
  less: pages, more: pages, most: pages, pager: pages, zless: pages, zmore: pages, man: manual, info: manual, apropos: manual, whatis: manual,
};
