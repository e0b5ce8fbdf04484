/** Bounds of a vehicle's registration. */

/** Characters of a vehicle's name for people. */
export const nameLengthMax = 128;
/** Tags of one vehicle, and characters of a tag's value. */
export const tagsMax = 32;
export const tagLengthMax = 256;
/** Groups of one vehicle. */
export const groupsMax = 16;
