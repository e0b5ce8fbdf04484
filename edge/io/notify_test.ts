import { equal } from "node:assert/strict";
import { notifySystemd } from "./notify.ts";

Deno.test("systemd hears that the service is ready, and its absence does no harm", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/notify`;
  const systemd = Deno.listenDatagram({ transport: "unixpacket", path });
  try {
    Deno.env.delete("NOTIFY_SOCKET");
    equal(await notifySystemd("READY=1"), false);
    Deno.env.set("NOTIFY_SOCKET", path);
    equal(await notifySystemd("READY=1"), true);
    const [bytes] = await systemd.receive();
    equal(new TextDecoder().decode(bytes), "READY=1");
    Deno.env.set("NOTIFY_SOCKET", `${folder}/nobody`);
    equal(await notifySystemd("STOPPING=1"), false);
  } finally {
    Deno.env.delete("NOTIFY_SOCKET");
    systemd.close();
    await Deno.remove(folder, { recursive: true });
  }
});
