import type { Framework } from './frameworks.ts';

/**
 * Where each control belongs in each framework. `main`: the requirement that the control answers first. `checked`: the text of the requirement was read
 * when this table was made; the rest is from knowledge of the framework, and its wording is to be read before it is quoted.
 */
export interface Citation {
  readonly id: string;
  readonly main?: true;
  readonly checked?: true;
}

type Row = Readonly<Record<Framework['id'], readonly Citation[]>>;

/** `AU-8!` is a main one, `10.6.1=` was checked, `10.3.4!=` both. Kept so short that the table can be read beside its source. */
const cite = (written: string): readonly Citation[] =>
  written.split(', ').map((one) => ({ id: one.replace(/[!=]+$/, ''), ...(/!=?$/.test(one) ? { main: true as const } : {}), ...(one.endsWith('=') ? { checked: true as const } : {}) }));

const row = (ffiec: string, nist: string, csf: string, pci: string, soc: string): Row => ({ ffiec: cite(ffiec), 'nist-800-53': cite(nist), 'nist-csf': cite(csf), 'pci-dss': cite(pci), 'soc-2': cite(soc) });

export const citations: Readonly<Record<string, Row>> = {
  'EP-01': row('IS II.C.5, A&A-2021, DA&M ITAM', 'AC-2, IA-4, CM-8, PM-5', 'PR.AA-01, ID.AM-02, GV.RR-02', '7.2.5, 8.2.4, 8.6.1', 'CC6.1, CC6.2'),
  'EP-02': row('IS II.C.7, IS II.C.15, InTREx 14', 'IA-9!, IA-3, IA-4, IA-5(7), SC-23', 'PR.AA-02, PR.AA-03, PR.AA-04', '8.2.1, 8.2.2, 8.6.2!, 8.6.3!', 'CC6.1'),
  'EP-03': row('IS II.C.7(b), IS II.C.15', 'AC-3!, AC-6(1)(5)(10)!, AC-24', 'PR.AA-05', '7.2.1, 7.2.2, 7.2.3, 7.2.5!, 7.2.6!, 7.3.1, 7.3.2, 7.3.3', 'CC6.1, CC6.3'),
  'EP-04': row('IS II.C.7(b), InTREx 14', 'AC-2(j), AC-6(7)', 'PR.AA-05', '7.2.4, 7.2.5.1!=', 'CC6.2, CC6.3'),
  'EP-05': row('IS II.C.7(b) (HR notice)', 'AC-2(3), AC-2(13), PS-4, PS-5', 'PR.AA-01, GV.RR-04', '8.2.5, 8.2.6', 'CC6.2, CC6.3'),
  'EP-06': row('IS II.C.15, InTREx 15', 'AC-2(2)(7), AC-6(2)(5)(9)', 'PR.AA-05', '7.2.2, 7.2.3, 8.6.1!=, 10.2.1.2', 'CC6.1, CC6.3'),
  'EP-07': row('IS II.C.7(c), IS II.C.10, GLBA dual control', 'AC-5!, AC-3(2), CM-3, CM-5', 'PR.AA-05, ID.RA-07', '6.5.1, 7.2.3', 'CC6.3, CC8.1'),
  'EP-08': row('IS II.C.10, DA&M', 'CM-3, CM-5(1), CM-6, AU-12(3)', 'PR.PS-01, ID.RA-07', '6.5.1, 10.2.1.5, 10.2.1.7', 'CC8.1'),
  'EP-09': row('IS II.C.22, IS III.B', 'AU-2, AU-3, AU-12, SI-4', 'DE.CM-03, DE.CM-09, PR.PS-04', '10.2.1.4, 10.2.1.5', 'CC7.2'),
  'EP-10': row('IS II.C.15', 'AC-3, AC-24(1), AU-3(1), AU-10', 'PR.AA-05, PR.PS-04', '7.3.x, 10.2.2', 'CC6.1, CC7.2'),
  'EP-11': row('IS II.C.22, InTREx 15', 'AU-2!, AU-3!, AU-12!, AU-14!, AC-6(9)', 'PR.PS-04, DE.CM-09', '10.2.1.1, 10.2.1.2, 10.2.2', 'CC7.2'),
  'EP-12': row('IS II.C.13, IS II.C.18, IS II.C.19', 'AC-4, AC-23, AU-3(3), SI-19, SC-28', 'PR.DS-01, PR.DS-02, PR.DS-10, ID.AM-07', '3.3, 3.4.1!=, 3.4.2, 3.5.1, 7.2.6', 'CC6.1, CC6.7, C1.1'),
  'EP-13': row('IS II.C.22', 'AU-9(1)(2)(3)(4)(6)!, AU-10!, SI-7', 'PR.PS-04, RS.AN-07', '10.3.1=, 10.3.2=, 10.3.3=, 10.3.4!=', 'CC6.1, CC7.2'),
  'EP-14': row('IS II.C.22', 'AU-11(1)!, SI-12, MP-6', 'ID.AM-08, PR.DS-11', '10.5.1!=, 3.2.1', 'C1.2'),
  'EP-15': row('AIO, IS II.C.22', 'AU-8!, SC-45(1), AU-12(1)', 'PR.PS-04', '10.6.1=, 10.6.2=, 10.6.3=', 'CC7.2'),
  'EP-16': row('IS II.C.22, IS III.B, IS III.C', 'AU-5!, AU-6(1)(3)(4)!, AU-7', 'DE.CM, DE.AE-02, DE.AE-03, DE.AE-06', '10.4.1, 10.4.1.1, 10.7.2, 10.7.3', 'CC7.2, CC7.3'),
  'EP-17': row('IS II.C.22 (restrict; independent review)', 'AU-9(4), AC-5, AU-6', 'PR.AA-05', '10.2.1.3, 10.3.1', 'CC6.1, CC4.1'),
  'EP-18': row('IS II.C.20, TPRM 2023', 'SA-9, PS-7, AC-20', 'GV.SC-05, GV.SC-06, GV.SC-07, DE.CM-06', '8.2.7, 12.8', 'CC9.2'),
  'EP-19': row('AIO, BCM', 'AU-5, SC-24, SI-17, CP-2', 'PR.IR-03, PR.IR-04', '10.7.x', 'A1.2, CC7.5'),
  'EP-20': row('AIO VII, IS II.C.9', 'AC-25, AC-17(3), SC-7', 'PR.IR-01', '1.4, 7.2.6', 'CC6.6'),
};
