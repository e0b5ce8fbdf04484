/** Bounds of the auth service. */

/** API keys that are not revoked. */
export const keysMax = 1_000;
/** Characters of a key's name. */
export const keyNameLengthMax = 128;
/** Days that a key may last at most, where it is to end. */
export const keyDaysMax = 3_650;
/** Groups that a key may be limited to. */
export const keyGroupsMax = 16;
/** Body of a request. */
export const bodyBytesMax = 16 * 1024;
/** Entries of the audit log in an answer when the caller does not say. */
export const auditLimitDefault = 100;
