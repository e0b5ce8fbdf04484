import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { freePorts, holderOf, inodesOf, isFree } from "./ports.ts";

Deno.test("a bound port is not free, and its holder is this process", async () => {
  const [port] = freePorts(1);
  strictEqual(isFree(port, "tcp"), true);
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  strictEqual(isFree(port, "tcp"), false);
  match(await holderOf(port, "tcp"), new RegExp(`pid ${Deno.pid}`));
  listener.close();
});

Deno.test("free ports are neighbours that no outgoing connection gets", () => {
  const ports = freePorts(12);
  deepStrictEqual(ports, ports.map((_, at) => ports[0] + at));
  ok(ports[0] >= 20_000 && ports[11] < 32_768, `${ports}`);
});

Deno.test("inodes are read from the kernel's table", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1E61 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0`;
  deepStrictEqual([...inodesOf(table, 7777)], ["4711"]);
});
