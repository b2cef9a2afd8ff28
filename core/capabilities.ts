/** What an edge cluster can promise, in the order in which people read it. One folder of `features/` each. */
export const capabilities = ['lifecycle', 'tunnel', 'autonomy', 'identity', 'units'] as const;

export type Capability = (typeof capabilities)[number];

export const isCapability = (text: string): text is Capability => (capabilities as readonly string[]).includes(text);
