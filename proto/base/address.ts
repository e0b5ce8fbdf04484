/**
 * What counts as one address: an IPv4 address, or the /64 of an IPv6 address, which is what one customer is given.
 * A peer is `host:port`, IPv6 in brackets; anything else counts as itself.
 */
export function addressOf(peer: string): string {
  const bracketed = /^\[([0-9a-fA-F:.]+)(?:%[^\]]*)?\]:\d+$/.exec(peer);
  if (bracketed !== null) return networkOf(bracketed[1]);
  const colon = peer.lastIndexOf(":");
  return colon < 0 ? peer : peer.slice(0, colon);
}

function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1];
  const [head, tail] = address.toLowerCase().split("::");
  const headGroups = head === "" ? [] : head.split(":");
  const tailGroups = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array<string>(Math.max(0, 8 - headGroups.length - tailGroups.length)).fill("0");
  const groups = [...headGroups, ...zeros, ...tailGroups].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
