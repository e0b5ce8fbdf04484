/** Bounds of the rigs, with their reasons. */

/** Clients that a UDP proxy serves at once; the one that was silent for longest goes first. An agent takes a new port now and then. */
export const proxyClientsMax = 64;
/** Datagrams that wait for their arrival in one direction of a proxy: a second of delay at 16,000 a second. */
export const proxyWaitingMax = 16_384;
/** Largest datagram that UDP carries. */
export const datagramBytesMax = 65_535;
