/** Reads the sources and settings from disk. */
import { join } from "node:path";
import { type Project, projectOf } from "./project.ts";

/** The workspace's members, which are all folders with code. */
const members = ["proto", "edge", "relay", "cloud", "scripts"] as const;

interface DenoJson {
  readonly imports?: Record<string, string>;
  readonly exports?: Record<string, string> | string;
}

/** Reads the project whose top folder is given. */
export async function readTree(top: string): Promise<Project> {
  const paths = (await Promise.all(members.map((member) => sourcesBelow(top, member)))).flat().sort();
  const texts = await Promise.all(paths.map(async (path) => [path, await Deno.readTextFile(join(top, path))] as const));
  const published = (await Promise.all(members.map((member) => publishedBy(top, member)))).flat();
  const { imports = {} } = await readJson(join(top, "deno.json"));
  return projectOf(Object.fromEntries(texts), { imports, published });
}

async function sourcesBelow(top: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(top, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory && !name.startsWith(".") && name !== "node_modules") found.push(...await sourcesBelow(top, path));
    if (/\.tsx?$/.test(name)) found.push(path);
  }
  return found;
}

async function publishedBy(top: string, member: string): Promise<string[]> {
  const { exports = {} } = await readJson(join(top, member, "deno.json"));
  const files = typeof exports === "string" ? [exports] : Object.values(exports);
  return files.map((file) => file.replace("./", `${member}/`));
}

async function readJson(path: string): Promise<DenoJson> {
  return JSON.parse(await Deno.readTextFile(path));
}
