import { EdgeproofError } from '../../../../core/errors.ts';

/** Codes of the CNI specification 1.1.0, section 5, "Error"; from 100 on they are the plugin's own. */
export const cniCodes = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  invalidEnvironment: 4,
  ioFailure: 5,
  decodeFailure: 6,
  invalidConfig: 7,
  tryAgainLater: 11,
  notAvailable: 50,
  /** Every address of a range set is reserved. */
  rangeFull: 100,
  /** What a Pod has is not in the ranges any more. */
  misfit: 101,
  /** CHECK: the container does not hold the addresses that it was given. */
  notReserved: 102,
} as const;

/** What a call ends with. The message is the specification's `msg`. */
export class CniError extends EdgeproofError {
  readonly cniCode: number;
  readonly details: string | undefined;

  constructor(cniCode: number, message: string, { details, cause }: { readonly details?: string; readonly cause?: unknown } = {}) {
    super(`CNI_${cniCode}`, message, { cause });
    this.cniCode = cniCode;
    this.details = details;
  }
}
