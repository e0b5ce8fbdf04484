/** Every planted bug. */
import type { Plant } from "../plant.ts";
import { backbonePlants } from "./backbone_plants.ts";
import { diskPlants } from "./disk_plants.ts";
import { linkPlants } from "./link_plants.ts";
import { storePlants } from "./store_plants.ts";

/** In the order of a frame's way. */
export const plants: readonly Plant[] = [...diskPlants, ...linkPlants, ...backbonePlants, ...storePlants];
