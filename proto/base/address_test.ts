import { equal } from "node:assert/strict";
import { addressOf } from "./address.ts";

Deno.test("one customer is one address: IPv4 whole, IPv6 by its /64, mapped IPv4 as IPv4", () => {
  equal(addressOf("192.0.2.7:4433"), "192.0.2.7");
  equal(addressOf("[2001:db8::1]:443"), "2001:db8:0:0::/64");
  equal(addressOf("[2001:db8:0:0:ffff::9]:443"), "2001:db8:0:0::/64");
  equal(addressOf("[2001:0db8:1:2:3:4:5:6%eth0]:443"), "2001:db8:1:2::/64");
  equal(addressOf("[::1]:443"), "0:0:0:0::/64");
  equal(addressOf("[::ffff:192.0.2.7]:443"), "192.0.2.7");
  equal(addressOf("memory"), "memory");
});
