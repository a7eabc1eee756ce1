/** A document that controls are mapped to. Editions move: they are data, and a pack says which it used. */
export interface Framework {
  readonly id: 'ffiec' | 'nist-800-53' | 'nist-csf' | 'pci-dss' | 'soc-2';
  readonly title: string;
  readonly edition: string;
  readonly publisher: string;
}

export const frameworks: readonly Framework[] = [
  { id: 'ffiec', title: 'FFIEC Information Technology Examination Handbook and related guidance', edition: 'see `ffiecDocuments`', publisher: 'Federal Financial Institutions Examination Council' },
  { id: 'nist-800-53', title: 'NIST SP 800-53, Security and Privacy Controls', edition: 'Revision 5', publisher: 'National Institute of Standards and Technology' },
  { id: 'nist-csf', title: 'NIST Cybersecurity Framework', edition: '2.0', publisher: 'National Institute of Standards and Technology' },
  { id: 'pci-dss', title: 'PCI DSS', edition: '4.0.1', publisher: 'PCI Security Standards Council' },
  { id: 'soc-2', title: 'SOC 2, Trust Services Criteria', edition: '2017, points of focus revised 2022', publisher: 'AICPA' },
];

/** What the abbreviations in the FFIEC column stand for. FFIEC booklets are guidance for examiners; nobody is certified against them. */
export const ffiecDocuments: Readonly<Record<string, { readonly title: string; readonly edition: string }>> = {
  IS: { title: 'IT Handbook, Information Security', edition: 'September 2016' },
  AIO: { title: 'IT Handbook, Architecture, Infrastructure, and Operations', edition: 'June 2021' },
  'DA&M': { title: 'IT Handbook, Development, Acquisition, and Maintenance', edition: 'August 2024' },
  'A&A-2021': { title: 'Authentication and Access to Financial Institution Services and Systems', edition: 'August 2021' },
  BCM: { title: 'IT Handbook, Business Continuity Management', edition: '2019' },
  InTREx: { title: 'FDIC Information Technology Risk Examination program', edition: '2016, updated September 2023' },
  GLBA: { title: 'Interagency Guidelines Establishing Information Security Standards', edition: '12 CFR 30 App. B, 208 App. D-2, 364 App. B, 748 App. A' },
  'TPRM 2023': { title: 'Interagency Guidance on Third-Party Relationships: Risk Management', edition: 'June 2023' },
};
