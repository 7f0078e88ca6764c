// Finds npm packages in the cache of foreign peers: the scripts themselves stay in the checkout.

import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const caches = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
const peers = process.env.EYOT_PEERS || join(caches, 'eyot-peers');

/** Loads a package, or a file of one, by the name that `import` would use. */
export const load = createRequire(join(peers, 'js', 'package.json'));
