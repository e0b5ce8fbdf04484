/** Tells systemd how the service stands. Source: sd_notify(3). */

/** Sends the state when the service runs under systemd (`NOTIFY_SOCKET`); resolves to whether it was told. */
export async function notifySystemd(state: "READY=1" | "STOPPING=1"): Promise<boolean> {
  const name = Deno.env.get("NOTIFY_SOCKET");
  if (name === undefined || name === "") return false;
  // systemd names an abstract socket with @ where the kernel wants a zero byte.
  const path = name.startsWith("@") ? `\0${name.slice(1)}` : name;
  const from = await Deno.makeTempDir({ prefix: "notify-" });
  try {
    const socket = Deno.listenDatagram({ transport: "unixpacket", path: `${from}/socket` });
    await socket.send(new TextEncoder().encode(state), { transport: "unixpacket", path }).finally(() => socket.close());
    return true;
  } catch {
    // Nobody to tell is no reason not to serve.
    return false;
  } finally {
    await Deno.remove(from, { recursive: true });
  }
}
