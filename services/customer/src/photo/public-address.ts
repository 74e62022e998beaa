import ipaddr from 'ipaddr.js';

// The global unicast addresses of IPv6; the rest is reserved.
const GLOBAL = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an IP address is on the public internet: not private, loopback, link-local, shared (CGNAT), multicast or reserved, and not an IPv4 address
 * embedded in IPv6 (mapped, NAT64, 6to4, Teredo).
 */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const known = ipaddr.process(address);
  if (known.range() !== 'unicast') return false;
  return known instanceof ipaddr.IPv4 || known.match(GLOBAL);
}
